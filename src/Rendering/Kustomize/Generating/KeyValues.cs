using System.Text;
using Bowline.Rendering.Kustomize.Declared;
using Bowline.Rendering.Kustomize.Files;
using Bowline.Rendering.Requests;

namespace Bowline.Rendering.Kustomize.Generating;

/// <summary>The keys and values of a generator: environment files first, then literals, then files. Like the original's, keys may be anything: the API server has the last word.</summary>
internal static class KeyValues
{
    /// <exception cref="RenderException">A source that is malformed or missing.</exception>
    public static List<KeyValuePair<string, byte[]>> Load(GeneratorSpec spec, DirectoryLoader loader)
    {
        List<KeyValuePair<string, byte[]>> pairs = [];
        foreach (string env in spec.Envs)
        {
            AddLines(loader.Read(env, out string file), file, pairs);
        }

        pairs.AddRange(spec.Literals.Select(Literal));
        foreach (string source in spec.Files)
        {
            (string key, string path) = FileSource(source);
            pairs.Add(new(key, loader.Read(path, out _)));
        }

        return pairs;
    }

    private static KeyValuePair<string, byte[]> Literal(string source)
    {
        int at = source.IndexOf('=', StringComparison.Ordinal);
        if (at <= 0)
        {
            throw new RenderException($"invalid literal source {source}, expected key=value");
        }

        string value = source[(at + 1)..];
        bool quoted = value.Length >= 2 && value[0] == value[^1] && (value[0] is '"' or '\'');
        return new(source[..at], Encoding.UTF8.GetBytes(quoted ? value[1..^1] : value));
    }

    private static (string Key, string Path) FileSource(string source)
    {
        int at = source.IndexOf('=', StringComparison.Ordinal);
        if (at < 0)
        {
            string trimmed = source.TrimEnd('/');
            return (trimmed[(trimmed.LastIndexOf('/') + 1)..], source);
        }

        if (source.IndexOf('=', at + 1) >= 0)
        {
            throw new RenderException($"key names or file paths cannot contain '=': {source}");
        }

        return at == 0 ? throw new RenderException($"key name for file path {source[1..]} missing")
            : at == source.Length - 1 ? throw new RenderException($"file path for key name {source[..at]} missing")
            : (source[..at], source[(at + 1)..]);
    }

    private static void AddLines(byte[] content, string file, List<KeyValuePair<string, byte[]>> pairs)
    {
        ReadOnlySpan<byte> rest = content;
        if (rest.StartsWith("\uFEFF"u8))
        {
            rest = rest[3..];
        }

        for (int line = 1; !rest.IsEmpty; line++)
        {
            int end = rest.IndexOf((byte)'\n');
            ReadOnlySpan<byte> bytes = end < 0 ? rest : rest[..end];
            rest = end < 0 ? [] : rest[(end + 1)..];
            AddLine(bytes, file, line, pairs);
        }
    }

    private static void AddLine(ReadOnlySpan<byte> bytes, string file, int line, List<KeyValuePair<string, byte[]>> pairs)
    {
        if (!System.Text.Unicode.Utf8.IsValid(bytes))
        {
            throw new RenderException("the line has invalid UTF-8 bytes", file, line);
        }

        string text = Encoding.UTF8.GetString(bytes.EndsWith("\r"u8) ? bytes[..^1] : bytes).TrimStart();
        if (text.Length == 0 || text[0] == '#')
        {
            return;
        }

        int at = text.IndexOf('=', StringComparison.Ordinal);
        string key = at < 0 ? text : text[..at];
        // A key without '=' would be looked up in the environment, which a pure build does not have.
        pairs.Add(new(key, at < 0 ? [] : Encoding.UTF8.GetBytes(text[(at + 1)..])));
    }
}
