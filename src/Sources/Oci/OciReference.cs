using System.Text.RegularExpressions;
using Bowline.Sources.Files;

namespace Bowline.Sources.Oci;

/// <summary>A repository of a registry, <c>oci://host[:port]/path</c>, with the tag or digest that may follow.</summary>
public sealed partial record OciReference(string Host, string Repository, string Tag = "", string Digest = "")
{
    public const string Scheme = "oci://";

    public static bool IsOci(string text) => text.StartsWith(Scheme, StringComparison.Ordinal);

    /// <exception cref="SourceException">Not such a reference.</exception>
    public static OciReference Parse(string text)
    {
        Match match = text.Length <= 1024 ? Form().Match(text) : Match.Empty;
        return match.Success
            ? new OciReference(match.Groups["host"].Value, match.Groups["path"].Value, match.Groups["tag"].Value, match.Groups["digest"].Value)
            : throw new SourceException($"not an OCI reference: {new string([.. text.Take(200).Select(c => char.IsControl(c) ? '\uFFFD' : c)])}");
    }

    /// <summary>The chart of a name in a registry's folder.</summary>
    public OciReference Below(string name) => Parse($"{Scheme}{Host}/{(Repository.Length > 0 ? Repository + "/" : string.Empty)}{name}");

    public override string ToString() =>
        $"{Scheme}{Host}/{Repository}{(Tag.Length > 0 ? ":" + Tag : string.Empty)}{(Digest.Length > 0 ? "@" + Digest : string.Empty)}";

    [GeneratedRegex(@"\Aoci://(?<host>[A-Za-z0-9.\-]+(:[0-9]{1,5})?|\[[0-9a-fA-F:]+\](:[0-9]{1,5})?)(/(?<path>[a-z0-9]+([._\-]+[a-z0-9]+)*(/[a-z0-9]+([._\-]+[a-z0-9]+)*)*)?)?/?(:(?<tag>[A-Za-z0-9_][A-Za-z0-9._\-]{0,127}))?(@(?<digest>sha256:[0-9a-f]{64}))?\z", RegexOptions.CultureInvariant | RegexOptions.NonBacktracking)]
    private static partial Regex Form();
}
