using System.Collections.Concurrent;
using System.Collections.Frozen;
using Bowline.Languages.GoTemplates.Parsing;

namespace Bowline.Languages.GoTemplates.Evaluating;

/// <summary>Parsed texts by content, shared by sets, renders and threads; a full cache starts over.</summary>
public sealed class ParseCache(int capacity = 4096)
{
    private const long MaxCharacters = 64L * 1024 * 1024;

    private readonly ConcurrentDictionary<(string Name, string Text, FrozenSet<string> Functions), IReadOnlyCollection<TemplateTree>> parsed = new();

    private long characters;
    private int count;

    internal IReadOnlyCollection<TemplateTree> Parse(string name, string text, FrozenSet<string> functions)
    {
        if (parsed.TryGetValue((name, text, functions), out IReadOnlyCollection<TemplateTree>? trees))
        {
            return trees;
        }

        trees = Parser.Parse(name, text, functions);
        // Counted here: the dictionary's own count takes every one of its locks.
        if (Interlocked.Add(ref characters, text.Length) > MaxCharacters || Interlocked.Increment(ref count) > capacity)
        {
            parsed.Clear();
            Interlocked.Exchange(ref characters, text.Length);
            Interlocked.Exchange(ref count, 1);
        }

        parsed[(name, text, functions)] = trees;
        return trees;
    }
}
