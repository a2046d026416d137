using System.Collections.Concurrent;
using System.Collections.Frozen;
using Bowline.Languages.GoTemplates.Parsing;

namespace Bowline.Languages.GoTemplates.Evaluating;

/// <summary>
/// Parsed texts by content, shared by sets, renders and threads. It holds two generations: a full one becomes the old one, and
/// what was not asked for again by the time the next is full is gone. So texts in use outlast any number of texts seen once.
/// </summary>
/// <param name="maxCharacters">What one generation holds, each text counted with <see cref="EntryCharacters"/> for its tree.</param>
public sealed class ParseCache(long maxCharacters = 16L * 1024 * 1024)
{
    private const int EntryCharacters = 1024;

    private volatile Generation young = new();
    private volatile Generation old = new();

    internal IReadOnlyCollection<TemplateTree> Parse(string name, string text, FrozenSet<string> functions)
    {
        (string, string, FrozenSet<string>) key = (name, text, functions);
        if (young.Parsed.TryGetValue(key, out IReadOnlyCollection<TemplateTree>? trees))
        {
            return trees;
        }

        if (!old.Parsed.TryGetValue(key, out trees))
        {
            trees = Parser.Parse(name, text, functions);
        }

        Generation current = young;
        if (Interlocked.Add(ref current.Characters, text.Length + EntryCharacters) > maxCharacters && Interlocked.CompareExchange(ref young, new Generation(), current) == current)
        {
            old = current;
        }

        young.Parsed[key] = trees;
        return trees;
    }

    private sealed class Generation
    {
        public long Characters;

        public ConcurrentDictionary<(string Name, string Text, FrozenSet<string> Functions), IReadOnlyCollection<TemplateTree>> Parsed { get; } = new();
    }
}
