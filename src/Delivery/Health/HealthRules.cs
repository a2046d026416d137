using System.Collections.Concurrent;
using System.Reflection;
using Bowline.Resources.Model;
using Bowline.Resources.Yaml;

namespace Bowline.Delivery.Health;

/// <summary>The rules of <c>Health/Rules/*.yaml</c>, by kind. A kind's expressions are compiled when the first of its objects is looked at.</summary>
internal sealed class HealthRules
{
    private static readonly Lazy<HealthRules> Embedded = new(Load);
    private readonly Dictionary<string, ListNode> exact = new(StringComparer.Ordinal);
    private readonly List<(string Group, string Kind, ListNode Rules)> patterns = [];
    private readonly Lazy<IReadOnlyList<HealthRule>> otherwise;
    private ListNode conventions = [];
    private readonly ConcurrentDictionary<(string Group, string Kind), IReadOnlyList<HealthRule>?> compiled = new();

    private HealthRules() => otherwise = new Lazy<IReadOnlyList<HealthRule>>(() => Compile(conventions));

    public static HealthRules BuiltIn => Embedded.Value;

    /// <summary>Every kind and pattern that has rules, as written.</summary>
    public IEnumerable<string> Kinds => exact.Keys.Concat(patterns.Select(pattern => $"{pattern.Group}/{pattern.Kind}"));

    /// <summary>Null for a kind without rules.</summary>
    public HealthReport? Check(string group, string kind, MapNode live) => Find(group, kind) is { } rules ? Check(rules, live) : null;

    /// <summary>Of a kind without rules, by what most controllers agree on.</summary>
    public HealthReport CheckByConvention(MapNode live) => live["status"] is MapNode { Count: > 0 } ? Check(otherwise.Value, live) : HealthReport.Healthy;

    private static HealthReport Check(IReadOnlyList<HealthRule> rules, MapNode live)
    {
        Func<string, Node?> variables = HealthLanguage.VariablesOf(live);
        foreach (HealthRule rule in rules)
        {
            if (rule.Holds(variables))
            {
                return rule.Report(variables);
            }
        }

        return HealthReport.Progressing(string.Empty);
    }

    /// <summary>The rules of a kind: its own, or the first pattern's that fits.</summary>
    public IReadOnlyList<HealthRule>? Find(string group, string kind) => compiled.GetOrAdd((group, kind), static (key, rules) => rules.Compile(key.Group, key.Kind), this);

    private IReadOnlyList<HealthRule>? Compile(string group, string kind)
    {
        ListNode? rules = exact.TryGetValue($"{group}/{kind}", out ListNode? own) ? own : patterns.FirstOrDefault(pattern => Fits(pattern.Group, group) && Fits(pattern.Kind, kind)).Rules;
        return rules is null ? null : Compile(rules);
    }

    private static IReadOnlyList<HealthRule> Compile(ListNode rules) => [.. rules.Select(rule => HealthRule.Read(rule, HealthLanguage.Environment))];

    /// <summary><c>*</c> is anything, <c>*.example.com</c> any group below.</summary>
    private static bool Fits(string pattern, string name) => pattern == "*" || (pattern.StartsWith('*') ? name.EndsWith(pattern[1..], StringComparison.Ordinal) : pattern == name);

    private static HealthRules Load()
    {
        HealthRules rules = new();
        Assembly assembly = typeof(HealthRules).Assembly;
        foreach (string name in assembly.GetManifestResourceNames().Where(name => name.Contains(".Health.Rules.", StringComparison.Ordinal)).Order(StringComparer.Ordinal))
        {
            using Stream stream = assembly.GetManifestResourceStream(name)!;
            using MemoryStream bytes = new();
            stream.CopyTo(bytes);
            foreach (Node entry in YamlReader.Read(bytes.ToArray()).AsList() ?? [])
            {
                rules.Add(entry);
            }
        }

        return rules;
    }

    private void Add(Node entry)
    {
        ListNode lines = entry["rules"]?.AsList() ?? throw new FormatException($"no rules (line {entry.Line})");
        foreach (Node item in entry["for"]?.AsList() ?? [])
        {
            string name = item.AsString()!;
            string[] parts = name.Split('/');
            if (name == "otherwise")
            {
                conventions = lines;
            }
            else if (name.Contains('*', StringComparison.Ordinal))
            {
                patterns.Add((parts[0], parts[1], lines));
            }
            else if (!exact.TryAdd(name, lines))
            {
                throw new FormatException($"{name} has rules twice (line {entry.Line})");
            }
        }
    }
}
