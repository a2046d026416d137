using System.Security.Cryptography;
using Bowline.Rendering.Kustomize.Fields;
using Bowline.Rendering.Kustomize.Objects;
using Bowline.Rendering.Requests;
using Bowline.Resources.Model;
using Bowline.Resources.Yaml;

namespace Bowline.Rendering.Kustomize.Files;

/// <summary>Parsed manifests by their content, kept between builds up to a limit; what it hands out is frozen. Thread-safe.</summary>
internal sealed class ParsedFiles(long maxBytes = 64L * 1024 * 1024)
{
    private static readonly YamlReadOptions Options = YamlReadOptions.Kustomize with { PlainScalar = KeepText, FoldedScalar = FoldedText.Of };
    private readonly Dictionary<Key, Entry> entries = [];
    private readonly LinkedList<Entry> recent = new();
    private readonly Lock gate = new();
    private long bytes;

    private readonly record struct Key(UInt128 Hash, UInt128 Rest, int Length, bool IsPatch);

    private sealed record Entry(Key Key, IReadOnlyList<YamlDocument> Documents)
    {
        public LinkedListNode<Entry>? Place { get; set; }
    }

    /// <param name="isPatch">In patches the first of several equal keys counts; elsewhere they are an error.</param>
    /// <exception cref="RenderException">Not YAML.</exception>
    public IReadOnlyList<YamlDocument> Parse(byte[] content, string file, bool isPatch)
    {
        Span<byte> digest = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(content, digest);
        Key key = new(BitConverter.ToUInt128(digest), BitConverter.ToUInt128(digest[16..]), content.Length, isPatch);
        lock (gate)
        {
            if (entries.TryGetValue(key, out Entry? found))
            {
                recent.Remove(found.Place!);
                recent.AddFirst(found.Place!);
                return found.Documents;
            }
        }

        IReadOnlyList<YamlDocument> documents = Read(content, file, isPatch);
        lock (gate)
        {
            Keep(new Entry(key, documents));
        }

        return documents;
    }

    private static IReadOnlyList<YamlDocument> Read(byte[] content, string file, bool isPatch)
    {
        try
        {
            IReadOnlyList<YamlDocument> documents = YamlReader.ReadAll(content, Options with { FileName = file, DuplicateKeys = isPatch ? DuplicateKeys.FirstWins : DuplicateKeys.Error });
            foreach (YamlDocument document in documents)
            {
                document.Root.Freeze();
            }

            return documents;
        }
        catch (YamlException error)
        {
            throw new RenderException($"MalformedYAMLError: {error.Reason}", file, error.Line, error.Column, error);
        }
    }

    private static Node KeepText(string text, Node value) =>
        value.Kind is NodeKind.Integer or NodeKind.Bool or NodeKind.Null && value.ToString() == text ? value : new WrittenScalar(text, value);

    private void Keep(Entry entry)
    {
        if (entry.Key.Length > maxBytes / 4 || !entries.TryAdd(entry.Key, entry))
        {
            return;
        }

        entry.Place = recent.AddFirst(entry);
        bytes += entry.Key.Length;
        while (bytes > maxBytes && recent.Last is { } oldest)
        {
            recent.RemoveLast();
            entries.Remove(oldest.Value.Key);
            bytes -= oldest.Value.Key.Length;
        }
    }
}
