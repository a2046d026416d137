using Bowline.Rendering.Helm.Charts;
using Bowline.Rendering.Requests;
using Bowline.Resources.Model;
using Bowline.Sources.Downloads;

namespace Bowline.Rendering.Helm.Dependencies;

/// <summary>Helm's repositories.yaml, as <c>helm repo add</c> writes it: names for repositories, and who one is there.</summary>
public sealed class RepositoryConfig
{
    private readonly IReadOnlyList<Entry> entries;

    private RepositoryConfig(IReadOnlyList<Entry> entries) => this.entries = entries;

    public static RepositoryConfig Empty { get; } = new([]);

    /// <param name="named">Names and addresses, without credentials.</param>
    public static RepositoryConfig Of(IEnumerable<(string Name, string Address)> named) => new([.. named.Select(one => new Entry(one.Name, one.Address, null))]);

    /// <exception cref="RenderException">Not such a file.</exception>
    public static RepositoryConfig Parse(byte[] content, string file)
    {
        try
        {
            Node root = GoYaml.ReadTyped(content);
            return new RepositoryConfig(root is MapNode map && map["repositories"] is ListNode list ? [.. list.OfType<MapNode>().Select(Read).OfType<Entry>()] : []);
        }
        catch (ChartException error)
        {
            throw new RenderException(error.Message, file, error.Line, error.Column, error);
        }
    }

    /// <summary>The address behind <c>@name</c> or <c>alias:name</c>; any other text is one itself, and null means an unknown name.</summary>
    public string? AddressOf(string repository)
    {
        string? name = repository.StartsWith('@') ? repository[1..] : repository.StartsWith("alias:", StringComparison.Ordinal) ? repository["alias:".Length..] : null;
        return name is null ? repository : entries.FirstOrDefault(entry => entry.Name == name)?.Address;
    }

    /// <summary>The credentials of the repository that an address lies in: the same origin, and its path or one below.</summary>
    public HostCredentials? CredentialsFor(Uri address) => entries
        .Where(entry => entry.Credentials is not null && Uri.TryCreate(entry.Address, UriKind.Absolute, out Uri? own) && WebAddress.SameOrigin(own, address)
            && (address.AbsolutePath.TrimEnd('/') + "/").StartsWith(own.AbsolutePath.TrimEnd('/') + "/", StringComparison.Ordinal))
        .MaxBy(entry => entry.Address.Length)?.Credentials;

    private static Entry? Read(MapNode entry)
    {
        string user = Text(entry, "username");
        string password = Text(entry, "password");
        string address = Text(entry, "url");
        return address.Length == 0 ? null : new Entry(Text(entry, "name"), address, user.Length + password.Length > 0 ? new HostCredentials(user, password) : null);
    }

    private static string Text(MapNode map, string key) => map[key] is { } node ? JsonTyping.ScalarText(node) ?? string.Empty : string.Empty;

    private sealed record Entry(string Name, string Address, HostCredentials? Credentials);
}
