using System.Text.RegularExpressions;
using Bowline.Languages.GoTemplates;
using Bowline.Resources.Model;

namespace Bowline.Applications.ApplicationSets.Generators;

/// <summary>A generator's <c>filters</c>: what any one of them lets through in all it says is kept, and everything where there are none.</summary>
internal sealed class MatchList
{
    private readonly List<(Node Filter, Dictionary<string, Regex> Patterns)> filters = [];

    /// <param name="patterns">The members that are regular expressions (RE2, matched in linear time).</param>
    /// <exception cref="GeneratorException">One of them is none.</exception>
    public MatchList(Node? list, params ReadOnlySpan<string> patterns)
    {
        foreach (Node filter in list as ListNode ?? [])
        {
            Dictionary<string, Regex> compiled = new(StringComparer.Ordinal);
            foreach (string member in patterns)
            {
                if (filter[member] is StringNode text)
                {
                    compiled[member] = Re2.TryCompile(text.Value, out Regex? regex, out string? error) ? regex : throw new GeneratorException($"error compiling {member} regexp \"{text.Value}\": {error}");
                }
            }

            filters.Add((filter, compiled));
        }
    }

    /// <summary>The filters that say anything of one kind, which alone decide about it.</summary>
    public IEnumerable<Filter> About(params string[] members) =>
        filters.Where(filter => Array.Exists(members, member => filter.Filter[member] is { IsNull: false })).Select(filter => new Filter(filter.Filter, filter.Patterns));

    /// <summary>One filter.</summary>
    internal readonly record struct Filter(Node Body, IReadOnlyDictionary<string, Regex> Patterns)
    {
        public bool Allows(string member, string text) => !Patterns.TryGetValue(member, out Regex? regex) || regex.IsMatch(text);

        public bool AllowsAny(string member, IEnumerable<string> texts) => !Patterns.TryGetValue(member, out Regex? regex) || texts.Any(regex.IsMatch);
    }
}
