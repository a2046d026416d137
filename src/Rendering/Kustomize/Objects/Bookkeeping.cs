using Bowline.Resources.Model;

namespace Bowline.Rendering.Kustomize.Objects;

/// <summary>
/// What the build knows of an object, as the annotations in which the original keeps it. A step that reaches for all of an
/// object's metadata or annotations finds them there, copies them elsewhere or takes them away, and so changes what later
/// steps know: names that references follow, whether a hash is due, where the object came from.
/// </summary>
internal static class Bookkeeping
{
    public const string OriginKey = "config.kubernetes.io/origin";
    public const string TransformationsKey = "alpha.config.kubernetes.io/transformations";
    private const string Domain = "internal.config.kubernetes.io/";
    private const string Enabled = "enabled";
    private const string Names = Domain + "previousNames";
    private const string Namespaces = Domain + "previousNamespaces";
    private const string Kinds = Domain + "previousKinds";
    private const string Prefixes = Domain + "prefixes";
    private const string Suffixes = Domain + "suffixes";
    private const string GeneratorBehavior = Domain + "generatorBehavior";
    private const string Hash = Domain + "needsHashSuffix";
    private const string NameChange = Domain + "allowNameChange";
    private const string KindChange = Domain + "allowKindChange";
    private static readonly string[] Kept = [Names, Namespaces, Kinds, Prefixes, Suffixes, GeneratorBehavior, Hash, NameChange, KindChange];

    /// <summary>Runs a step in sight of the annotations.</summary>
    public static void Shown(BuildObject item, ObjectSet objects, Action step)
    {
        Dictionary<string, string> written = Write(item, objects);
        step();
        Read(item, objects, written);
    }

    /// <summary>Runs a step that sees the annotations and has the build's own put back afterwards; all others become text.</summary>
    public static void Restored(BuildObject item, ObjectSet objects, Action step)
    {
        Dictionary<string, string> written = Write(item, objects);
        step();
        if (!item.IsEmpty)
        {
            Dictionary<string, string> annotations = new(item.Annotations, StringComparer.Ordinal);
            foreach (string key in Kept.Where(written.ContainsKey))
            {
                annotations[key] = written[key];
            }

            item.SetAnnotations(annotations);
        }

        Read(item, objects, written);
    }

    /// <summary>Whether the original sees annotations where the object itself may have none.</summary>
    public static bool HasAny(BuildObject item, ObjectSet objects) =>
        item.PreviousCount > 0 || item.Prefixes.Count > 0 || item.Suffixes.Count > 0 || item.IsGenerated || item.NeedsHash
        || item.AllowsNameChange || item.AllowsKindChange || item.OriginText is not null || PrintedText(item, objects).Length > 0;

    private static string PrintedText(BuildObject item, ObjectSet objects) =>
        objects.TracksOrigins ? (item.Printed?.Text ?? string.Empty) + Passage.ListOf(objects.Passed.Skip(item.PrintedFrom)) : string.Empty;

    private static Dictionary<string, string> Write(BuildObject item, ObjectSet objects)
    {
        Dictionary<string, string> written = new(StringComparer.Ordinal);
        void Put(string key, string? text)
        {
            if (text is { Length: > 0 })
            {
                written[key] = text;
            }
        }

        IEnumerable<(string Namespace, string Name, string Kind)> previous = Enumerable.Range(0, item.PreviousCount)
            .Select(at => item.Previous(at)).Select(id => (id.Namespace, id.Name, id.Kind.Kind)).ToList();
        Put(Names, string.Join(',', previous.Select(id => id.Name)));
        Put(Namespaces, string.Join(',', previous.Select(id => id.Namespace)));
        Put(Kinds, string.Join(',', previous.Select(id => id.Kind)));
        Put(Prefixes, string.Join(',', item.Prefixes));
        Put(Suffixes, string.Join(',', item.Suffixes));
        Put(GeneratorBehavior, item.IsGenerated ? item.Behavior.ToString().ToLowerInvariant() : null);
        Put(Hash, item.NeedsHash ? Enabled : null);
        Put(NameChange, item.AllowsNameChange ? Enabled : null);
        Put(KindChange, item.AllowsKindChange ? Enabled : null);
        Put(OriginKey, item.OriginText);
        Put(TransformationsKey, PrintedText(item, objects));
        if (written.Count > 0)
        {
            MapNode annotations = item.Root.EnsureMap("metadata").EnsureMap("annotations");
            foreach ((string key, string text) in written)
            {
                annotations[key] = text;
            }
        }

        return written;
    }

    private static void Read(BuildObject item, ObjectSet objects, Dictionary<string, string> written)
    {
        MapNode? annotations = item.Root["metadata"]?["annotations"] as MapNode;
        Dictionary<string, string> found = new(StringComparer.Ordinal);
        foreach (string key in (string[])[.. Kept, OriginKey, TransformationsKey])
        {
            if (annotations?[key] is { } text)
            {
                found[key] = ScalarText.Of(text);
                annotations.Remove(key);
            }
        }

        if (annotations is { Count: 0 } && found.Count > 0)
        {
            item.Root["metadata"]!.AsMap()!.Remove("annotations");
        }

        if (item.IsEmpty || (found.Count == written.Count && written.All(pair => found.GetValueOrDefault(pair.Key) == pair.Value)))
        {
            return;
        }

        item.Relearn(List(found, Namespaces), List(found, Names), List(found, Kinds), List(found, Prefixes), List(found, Suffixes));
        item.IsGenerated = found.ContainsKey(GeneratorBehavior);
        item.NeedsHash = found.GetValueOrDefault(Hash) == Enabled;
        item.AllowsNameChange = found.ContainsKey(NameChange);
        item.AllowsKindChange = found.ContainsKey(KindChange);
        item.OriginText = found.GetValueOrDefault(OriginKey);
        if (objects.TracksOrigins && item.OriginText is null)
        {
            objects.LostOrigin(item);
        }

        if (objects.TracksOrigins && found.GetValueOrDefault(TransformationsKey) != written.GetValueOrDefault(TransformationsKey))
        {
            item.Printed = found.TryGetValue(TransformationsKey, out string? said) ? Passage.Said(said) : null;
            item.PrintedFrom = objects.Passed.Count;
        }
    }

    private static string[] List(Dictionary<string, string> found, string key) => found.TryGetValue(key, out string? text) ? text.Split(',') : [];
}
