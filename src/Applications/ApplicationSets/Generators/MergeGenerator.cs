using Bowline.Resources.Json;
using Bowline.Resources.Model;

namespace Bowline.Applications.ApplicationSets.Generators;

/// <summary><c>merge</c>: the first generator's elements, overridden by those of the others that have the same values under the merge keys.</summary>
internal sealed class MergeGenerator(GeneratorRegistry generators) : IGenerator
{
    public TimeSpan? RequeueAfter(MapNode generator) => generators.RequeueAfter(generator["generators"]);

    public async Task<IReadOnlyList<MapNode>> GenerateAsync(MapNode generator, GeneratorRun run, CancellationToken cancellationToken)
    {
        if (generator["generators"] is not ListNode { Count: >= 2 } children)
        {
            throw new GeneratorException("found less than two generators, Merge requires two or more");
        }

        string[] keys = generator["mergeKeys"] is ListNode list ? [.. list.Select(key => Parameters.Text(key)).Distinct()] : [];
        if (keys.Length == 0)
        {
            throw new GeneratorException("no merge keys were specified, Merge requires at least one");
        }

        List<MapNode> merged = [.. await generators.ChildAsync(children[0], run, cancellationToken).ConfigureAwait(false)];
        string[] keysOf = [.. merged.Select(parameters => Key(parameters, keys))];
        foreach (Node child in children.Skip(1))
        {
            Dictionary<string, MapNode> overrides = new(StringComparer.Ordinal);
            foreach (MapNode parameters in await generators.ChildAsync(child, run, cancellationToken).ConfigureAwait(false))
            {
                if (!overrides.TryAdd(Key(parameters, keys), parameters))
                {
                    throw new GeneratorException($"the parameters from a generator were not unique by the given mergeKeys, Merge requires all param sets to be unique. Duplicate key was {Key(parameters, keys)}");
                }
            }

            for (int i = 0; i < merged.Count; i++)
            {
                merged[i] = overrides.TryGetValue(keysOf[i], out MapNode? above) ? Parameters.Merge(merged[i], above) : merged[i];
            }
        }

        return merged;
    }

    private static string Key(MapNode parameters, string[] keys)
    {
        MapNode key = new(keys.Length);
        foreach (string name in keys)
        {
            key.Set(name, parameters[name] is OpaqueNode opaque ? opaque.ToPlain() : parameters[name] ?? Node.Null);
        }

        return JsonWriter.ToText(key);
    }
}
