using System.IO.Compression;
using Bowline.Resources.Json;
using Bowline.Resources.Merging;
using Bowline.Resources.Model;
using Bowline.Resources.Schemas;

namespace Bowline.Resources.Tests.Merging;

/// <summary>
/// Random sequences of applies and updates by several managers, with what sigs.k8s.io/structured-merge-diff (Debian's package,
/// 4.1.2, with the later fix that what loses its last member stays as an empty map or list) made of them: merged object, owners of
/// every field, conflicts. <c>tools/merge_sequences</c> made the file.
/// </summary>
public sealed class ReferenceSequenceTests
{
    private const string Definition = """
        {"type":"object","properties":{"spec":{"type":"object","properties":{
          "str":{"type":"string"},"num":{"type":"integer"},"flag":{"type":"boolean"},
          "atomicList":{"type":"array","x-kubernetes-list-type":"atomic","items":{"type":"string"}},
          "set":{"type":"array","x-kubernetes-list-type":"set","items":{"type":"string"}},
          "listMap":{"type":"array","x-kubernetes-list-type":"map","x-kubernetes-list-map-keys":["name"],"items":ITEM},
          "ports":{"type":"array","x-kubernetes-list-type":"map","x-kubernetes-list-map-keys":["port","proto"],"items":{"type":"object","properties":{"port":{"type":"integer"},"proto":{"type":"string","default":"TCP"},"val":{"type":"string"}}}},
          "atomicMap":{"type":"object","x-kubernetes-map-type":"atomic","additionalProperties":{"type":"string"}},
          "strMap":{"type":"object","additionalProperties":{"type":"string"}},
          "objMap":{"type":"object","additionalProperties":ITEM},
          "nested":{"type":"object","properties":{"a":{"type":"string"},"inner":SUB,"items":{"type":"array","x-kubernetes-list-type":"map","x-kubernetes-list-map-keys":["name"],"items":ITEM}}},
          "free":{"x-kubernetes-preserve-unknown-fields":true}}}}}
        """;

    private const string Sub = """{"type":"object","properties":{"p":{"type":"string"},"q":{"type":"integer"},"set":{"type":"array","x-kubernetes-list-type":"set","items":{"type":"string"}}}}""";
    private const string Item = """{"type":"object","properties":{"name":{"type":"string"},"val":{"type":"integer"},"tags":{"type":"array","x-kubernetes-list-type":"set","items":{"type":"string"}},"args":{"type":"array","items":{"type":"string"}},"sub":SUB}}""";
    private static readonly string[] Unordered = ["set", "tags", "listMap", "ports", "items"];
    private static readonly Schema Schema = StructuralSchema.FromOpenApi(JsonReader.Read(Definition.Replace("ITEM", Item, StringComparison.Ordinal).Replace("SUB", Sub, StringComparison.Ordinal)));

    [Fact]
    public void Every_sequence_ends_with_the_objects_owners_and_conflicts_of_the_reference()
    {
        List<string> problems = [];
        int sequences = 0;
        int operations = 0;
        foreach (string line in Lines())
        {
            sequences++;
            MapNode live = Whole(new MapNode(), "v1");
            bool tracked = false;
            foreach (Node operation in JsonReader.Read(line).AsList()!)
            {
                // A server begins to track what it finds at the first apply; the bare algebra does not know such objects.
                if (tracked && operation["op"]!.AsString() == "apply" && live["metadata"]?["managedFields"] is null)
                {
                    break;
                }

                operations++;
                (MapNode next, string? problem) = Step(live, operation);
                if (problem is not null)
                {
                    problems.Add($"sequence {sequences}: {operation["op"]} by {operation["manager"]}: {problem}\n  object {JsonWriter.ToText(operation["object"]!)}\n  before {JsonWriter.ToText(live)}");
                    break;
                }

                live = next;
                tracked = true;
            }
        }

        Assert.True(operations > 1000, $"only {operations} operations");
        Assert.True(problems.Count == 0, $"{problems.Count} of {sequences} sequences differ:\n{string.Join("\n", problems.Take(8))}");
    }

    private static (MapNode Live, string? Problem) Step(MapNode live, Node operation)
    {
        string version = operation["version"]!.AsString()!;
        MapNode body = Whole((MapNode)operation["object"]!, version);
        FieldWriter writer = new(operation["manager"]!.AsString()!, version, string.Empty, DateTimeOffset.UnixEpoch);
        MapNode next = live;
        string conflicts = string.Empty;
        bool refused = false;
        try
        {
            if (operation["op"]!.AsString() == "apply")
            {
                ApplyResult result = ServerSideApply.Apply(live, body, Schema, writer, operation["force"]?.AsBool() == true);
                conflicts = string.Join("\n", result.Conflicts.Select(conflict => $"{conflict.Manager} {conflict.Path}").Order(StringComparer.Ordinal));
                next = result.Object;
            }
            else
            {
                body.EnsureMap("metadata")["managedFields"] = live["metadata"]?["managedFields"] ?? new ListNode();
                next = ServerSideApply.Update(live, body, Schema, writer);
            }
        }
        catch (MergeException)
        {
            refused = true;
        }

        return (next, Difference(next, operation, conflicts, refused));
    }

    private static string? Difference(MapNode next, Node operation, string conflicts, bool refused)
    {
        if (refused != operation["error"] is not null)
        {
            return $"refused {refused}, reference {operation["error"]}";
        }

        string wanted = string.Join("\n", (operation["conflicts"]?.AsList() ?? []).Select(conflict => Named(conflict.AsString()!)).Order(StringComparer.Ordinal));
        if (wanted != conflicts)
        {
            return $"conflicts [{conflicts}], reference [{wanted}]";
        }

        string real = Canonical(next["spec"] ?? Node.Null);
        string reference = Canonical(operation["live"]!["spec"] ?? Node.Null);
        if (real != reference)
        {
            return $"object {real}\n  reference {reference}";
        }

        string owners = Owners(next);
        string referenceOwners = string.Join("\n", ((MapNode)operation["managers"]!).Where(pair => pair.Value is MapNode { Count: > 0 }).Select(pair => $"{pair.Key} {Canonical(pair.Value)}").Order(StringComparer.Ordinal));
        return owners == referenceOwners ? null : $"owners\n{owners}\n  reference\n{referenceOwners}";
    }

    private static string Owners(MapNode node) => string.Join("\n", (node["metadata"]?["managedFields"]?.AsList() ?? []).Select(entry =>
    {
        string name = entry["operation"]!.AsString() == "Apply" ? $"{entry["manager"]}/apply" : $"{entry["manager"]}/update/{entry["apiVersion"]}";
        return $"{name} {Canonical(entry["fieldsV1"]!)}";
    }).Order(StringComparer.Ordinal));

    private static string Named(string conflict)
    {
        string[] words = conflict.Split(' ', 2);
        string[] manager = words[0].Split('/');
        return manager[1] == "apply" ? $"\"{manager[0]}\" {words[1]}" : $"\"{manager[0]}\" using {manager[2]} {words[1]}";
    }

    private static MapNode Whole(MapNode content, string version)
    {
        MapNode whole = new() { ["apiVersion"] = version, ["kind"] = "Thing", ["metadata"] = new MapNode { ["name"] = "x" } };
        foreach ((string key, Node value) in content)
        {
            whole[key] = value.DeepClone();
        }

        return whole;
    }

    // The order of members of sets and maps changed since that version; what is in them did not.
    private static string Canonical(Node node) => JsonWriter.ToText(Sorted(node, string.Empty), new JsonWriteOptions { SortKeys = true });

    private static Node Sorted(Node node, string key) => node switch
    {
        MapNode map => Members(map),
        ListNode list when Unordered.Contains(key) => new ListNode(list.Select(item => Sorted(item, string.Empty)).OrderBy(item => JsonWriter.ToText(item, new JsonWriteOptions { SortKeys = true }), StringComparer.Ordinal)),
        _ => node.DeepClone(),
    };

    private static MapNode Members(MapNode map)
    {
        MapNode sorted = new();
        foreach ((string key, Node value) in map)
        {
            sorted[key] = Sorted(value, key);
        }

        return sorted;
    }

    private static IEnumerable<string> Lines()
    {
        string own = Environment.GetEnvironmentVariable("MERGE_SEQUENCES") ?? Path.Combine(AppContext.BaseDirectory, "Merging", "sequences.jsonl.gz");
        using StreamReader reader = new(new GZipStream(File.OpenRead(own), CompressionMode.Decompress));
        while (reader.ReadLine() is { } line)
        {
            yield return line;
        }
    }
}
