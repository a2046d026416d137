using System.Collections.Frozen;

namespace Bowline.Applications.Hub;

/// <summary>A column of <c>kubectl get</c>; a wide one shows with <c>-o wide</c> only.</summary>
internal sealed record ArgoColumn(string Name, string JsonPath, bool Wide);

/// <summary>One of Argo CD's kinds; its fields are those of the type of the same name.</summary>
/// <param name="Status">Whether its status is a subresource.</param>
internal sealed record ArgoKind(string Name, string Plural, IReadOnlyList<string> ShortNames, bool Status, IReadOnlyList<ArgoColumn> Columns);

/// <param name="Type">The element's type where it is a list or a map.</param>
/// <param name="Many"><c>[]</c>, <c>{}</c> or empty.</param>
/// <param name="Kept">Whether the API server keeps it as it is, whatever its type says.</param>
/// <param name="Values">The only values there are; empty for any.</param>
internal sealed record ArgoField(string Name, bool Required, string Type, string Many, bool Kept, IReadOnlyList<string> Values);

/// <summary>The fields of Application, AppProject and ApplicationSet, from the embedded <c>argo-fields.txt</c>, which says how it is written.</summary>
internal sealed class ArgoFields
{
    private static readonly Lazy<ArgoFields> Embedded = new(Load);

    private ArgoFields(IReadOnlyList<ArgoKind> kinds, FrozenDictionary<string, IReadOnlyList<ArgoField>> types)
    {
        Kinds = kinds;
        Types = types;
    }

    public static ArgoFields Table => Embedded.Value;

    public IReadOnlyList<ArgoKind> Kinds { get; }

    public FrozenDictionary<string, IReadOnlyList<ArgoField>> Types { get; }

    private static ArgoFields Load()
    {
        using Stream stream = typeof(ArgoFields).Assembly.GetManifestResourceStream("argo-fields.txt")!;
        using StreamReader reader = new(stream);
        List<ArgoKind> kinds = [];
        List<ArgoColumn> columns = [];
        Dictionary<string, IReadOnlyList<ArgoField>> types = new(StringComparer.Ordinal);
        List<ArgoField> fields = [];
        while (reader.ReadLine() is { } line)
        {
            string[] words = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            switch (words)
            {
                case [['#', ..], ..] or []:
                    break;
                case ["kind", string name, string plural, string shortNames, string status]:
                    columns = [];
                    kinds.Add(new ArgoKind(name, plural, shortNames.Split(','), status == "status", columns));
                    break;
                case ["column", ..]:
                    string[] parts = line.Trim()["column ".Length..].Split('|');
                    columns.Add(new ArgoColumn(parts[0], parts[1], parts[2] == "wide"));
                    break;
                case ["type", string name] when line[0] != ' ':
                    types.Add(name, fields = []);
                    break;
                default:
                    fields.Add(ReadField(words[0], words[1]));
                    break;
            }
        }

        return new ArgoFields(kinds, types.ToFrozenDictionary(StringComparer.Ordinal));
    }

    private static ArgoField ReadField(string name, string type)
    {
        string[] parts = type.Split('=');
        string many = parts[0] is [.., '[', ']'] or [.., '{', '}'] ? parts[0][^2..] : string.Empty;
        return new ArgoField(name.TrimEnd('!'), name.EndsWith('!'), parts[0][..^many.Length].TrimStart('~'), many, parts[0].StartsWith('~'), parts.Length > 1 ? parts[1].Split(',') : []);
    }
}
