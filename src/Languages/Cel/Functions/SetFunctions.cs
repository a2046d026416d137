using Bowline.Languages.Cel.Values;
using Bowline.Resources.Model;

namespace Bowline.Languages.Cel.Functions;

/// <summary>sets.contains, equivalent, intersects: lists taken as sets.</summary>
internal static class SetFunctions
{
    public static CelLibrary All()
    {
        CelLibrary library = new();
        library.Add("sets.contains(list<T>, list<T>): bool", (_, a) => BoolNode.Of(Contains(a.Items(0), a.Items(1))));
        library.Add("sets.equivalent(list<T>, list<T>): bool", (_, a) => BoolNode.Of(Contains(a.Items(0), a.Items(1)) && Contains(a.Items(1), a.Items(0))));
        library.Add("sets.intersects(list<T>, list<T>): bool", (_, a) => BoolNode.Of(new HashSet<Node>(a.Items(0), CelEquality.KeyComparer).Overlaps(a.Items(1))));
        return library;
    }

    private static bool Contains(IReadOnlyList<Node> set, IReadOnlyList<Node> subset) => new HashSet<Node>(set, CelEquality.KeyComparer).IsSupersetOf(subset);
}
