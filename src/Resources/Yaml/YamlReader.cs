using Bowline.Resources.Model;

namespace Bowline.Resources.Yaml;

/// <summary>How a document's scalars and oddities are read; each tool whose input we read has its own ways.</summary>
public sealed record YamlReadOptions
{
    /// <summary>sigs.k8s.io/yaml: YAML 1.1 scalars, everything as JSON would have it, duplicate keys are errors.</summary>
    public static readonly YamlReadOptions Kubernetes = new();

    /// <summary>Helm values: like <see cref="Kubernetes"/>, with every number a float64 (JSON decoding into interface{}); the last duplicate key wins.</summary>
    public static readonly YamlReadOptions HelmValues = new() { NumbersAsFloats = true, DuplicateKeys = DuplicateKeys.LastWins, FirstDocumentOnly = true };

    /// <summary>Kustomize (kyaml over yaml.v3): only true and false are booleans, dates become RFC 3339 text, keys must be strings.</summary>
    public static readonly YamlReadOptions Kustomize = new() { Dialect = YamlDialect.Yaml12 };

    /// <summary>Named in error messages; no file is opened.</summary>
    public string FileName { get; init; } = "<input>";

    /// <summary>Which plain scalars are more than text.</summary>
    public YamlDialect Dialect { get; init; }

    public bool NumbersAsFloats { get; init; }

    /// <summary>Called with the text and the value of every untagged plain scalar that is no string; returns the node to keep (Kustomize copies such scalars as they were written).</summary>
    public Func<string, Node, Node>? PlainScalar { get; init; }

    /// <summary>Called with every folded block (<c>&gt;</c>); returns the node to keep (Kustomize prints such texts with more empty lines than they had).</summary>
    public Func<StringNode, Node>? FoldedScalar { get; init; }

    public DuplicateKeys DuplicateKeys { get; init; } = DuplicateKeys.Error;

    /// <summary>What follows the first document is not even looked at, as with sigs.k8s.io/yaml Unmarshal.</summary>
    public bool FirstDocumentOnly { get; init; }

    /// <summary>Deepest nesting accepted, or less where the caller's stack is nearly used up.</summary>
    public int MaxDepth { get; init; } = 1000;

    /// <summary>Most nodes one document may have after its aliases are expanded (billion laughs).</summary>
    public int MaxNodes { get; init; } = 4_000_000;

    /// <summary>Largest input in bytes.</summary>
    public int MaxBytes { get; init; } = 64 * 1024 * 1024;
}

/// <summary>The two sets of scalar rules that Kubernetes tools read YAML by.</summary>
public enum YamlDialect
{
    /// <summary>sigs.k8s.io/yaml over go-yaml v2: yes, no, on, off, y and n are booleans; keys of any scalar type become text.</summary>
    Yaml11,

    /// <summary>go-yaml v3 as kyaml uses it.</summary>
    Yaml12,
}

public enum DuplicateKeys
{
    Error,
    LastWins,

    /// <summary>As kyaml looks fields up in patches.</summary>
    FirstWins,
}

/// <summary>One document of a stream.</summary>
/// <param name="Root">The tree, <see cref="Node.Null"/> for an empty document.</param>
/// <param name="Line">The line (from 1) of the document's first token.</param>
public sealed record YamlDocument(Node Root, int Line);

/// <summary>A document that cannot be read. <see cref="Exception.Message"/> starts with <c>file:line:column: </c>.</summary>
public sealed class YamlException(string file, int line, int column, string reason, Exception? inner = null)
    : Exception($"{file}:{line}:{column}: {reason}", inner)
{
    public string File { get; } = file;

    public int Line { get; } = line;

    public int Column { get; } = column;

    public string Reason { get; } = reason;

    /// <summary>The message as go-yaml words it, with the line that it prints: <c>yaml: line 4: did not find expected key</c>.</summary>
    public string GoMessage { get => field ?? $"yaml: {Reason}"; init; }
}

/// <summary>Reads YAML (and therefore JSON) into the tree, by the rules of sigs.k8s.io/yaml.</summary>
public static class YamlReader
{
    /// <summary>Reads the only document; <see cref="Node.Null"/> for empty input, <see cref="YamlException"/> for a second document.</summary>
    public static Node Read(ReadOnlySpan<byte> utf8, YamlReadOptions? options = null)
    {
        options ??= YamlReadOptions.Kubernetes;
        return Only(ReadAll(utf8, options), options);
    }

    /// <summary>Reads every document of a stream, empty ones included.</summary>
    public static IReadOnlyList<YamlDocument> ReadAll(ReadOnlySpan<byte> utf8, YamlReadOptions? options = null)
    {
        options ??= YamlReadOptions.Kubernetes;
        RequireSize(utf8.Length, options);
        using YamlText text = YamlText.Decode(utf8, options.FileName);
        return ReadAll(text, options);
    }

    public static Node Read(string text, YamlReadOptions? options = null)
    {
        options ??= YamlReadOptions.Kubernetes;
        return Only(ReadAll(text, options), options);
    }

    public static IReadOnlyList<YamlDocument> ReadAll(string text, YamlReadOptions? options = null)
    {
        options ??= YamlReadOptions.Kubernetes;
        RequireSize(text.Length, options);
        using YamlText checkedText = YamlText.Copy(text, options.FileName);
        return ReadAll(checkedText, options);
    }

    private static IReadOnlyList<YamlDocument> ReadAll(YamlText text, YamlReadOptions options) =>
        new TreeBuilder(new YamlScanner(text, options), options).ReadDocuments();

    private static Node Only(IReadOnlyList<YamlDocument> documents, YamlReadOptions options) => documents.Count switch
    {
        0 => Node.Null,
        1 => documents[0].Root,
        _ => throw new YamlException(options.FileName, documents[1].Line, 1, "a second document follows where one was expected"),
    };

    private static void RequireSize(int size, YamlReadOptions options)
    {
        if (size > options.MaxBytes)
        {
            throw new YamlException(options.FileName, 1, 1, $"{size} bytes are more than the {options.MaxBytes} that are accepted");
        }
    }
}
