using System.Text;
using Bowline.Resources.Json;
using Bowline.Resources.Merging;
using Bowline.Resources.Model;
using Bowline.Resources.Schemas;
using Bowline.Tests;

namespace Bowline.Resources.Tests.Merging;

/// <summary>Replays the recorded writes: what was live and what was sent in, managedFields and conflicts out.</summary>
public sealed class RecordedOwnershipTests
{
    private static readonly string[] Subresources = ["status", "scale", "token", "eviction", "binding", "ephemeralcontainers", "resize", "finalize", "approval"];
    private static readonly DateTimeOffset Now = new(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);
    private static readonly string[] Allocated = ["clusterIP", "clusterIPs", "ipFamilies", "ipFamilyPolicy", "healthCheckNodePort", "priority", "preemptionPolicy", "serviceAccount", "serviceAccountName", "tolerations", "finalizers", "volumes"];
    private readonly List<string> mismatches = [];
    private int matched;

    [SharedFact]
    public void Managed_fields_come_out_as_recorded()
    {
        foreach (string folder in new[] { "apply", "update", "patch", "create", "errors", "subresources", "crd", "misc", "delete", "list" })
        {
            foreach (string file in Directory.EnumerateFiles(Path.Combine(SharedFolder.Goldens("apiserver"), folder), "*.json").Order(StringComparer.Ordinal))
            {
                if (JsonReader.Read(File.ReadAllBytes(file)) is MapNode scenario && scenario["steps"] is ListNode steps)
                {
                    new Replay(Path.GetFileNameWithoutExtension(file), this).Run(steps);
                }
            }
        }

        // In the rest the server's admission, allocation, pruning or decoding changed the object after it had recorded who wrote what,
        // so the recorded answer is not what was compared (an empty list that was sent is owned, and comes back as null).
        Assert.True(matched >= 381 && mismatches.Count <= 26, $"{matched} of {matched + mismatches.Count}\n{string.Join('\n', mismatches)}");
    }

    private static MapNode Comparable(Node entry)
    {
        MapNode copy = (MapNode)entry.DeepClone();
        if (copy.ContainsKey("time"))
        {
            copy["time"] = "set";
        }

        return copy;
    }

    private void Report(string step, string expected, string actual)
    {
        if (expected == actual)
        {
            matched++;
        }
        else
        {
            mismatches.Add($"{step}\n   expected {expected}\n   actual   {actual}");
        }
    }

    private sealed class Replay(string file, RecordedOwnershipTests owner)
    {
        private readonly Dictionary<string, MapNode> live = [];
        private readonly Dictionary<string, Schema> customSchemas = [];

        public void Run(ListNode steps)
        {
            for (int i = 0; i < steps.Count; i++)
            {
                if (steps[i]["request"] is MapNode request && steps[i]["response"] is MapNode response && response["trimmed"] is null)
                {
                    Step($"{file} step {i}", request, response);
                }
            }
        }

        private void Step(string step, MapNode request, MapNode response)
        {
            string path = request["path"]!.AsString()!;
            string resource = path.Split('?')[0];
            string subresource = Array.Find(Subresources, name => resource.EndsWith("/" + name, StringComparison.Ordinal)) ?? "";
            resource = subresource.Length > 0 ? resource[..^(subresource.Length + 1)] : resource;
            MapNode body = response["body"] as MapNode ?? [];
            string method = request["method"]!.AsString()!;
            string key = method == "POST" ? $"{resource}/{body["metadata"]?["name"]?.AsString()}" : resource;
            string type = request.At("headers", "Content-Type")?.AsString() ?? "";
            bool isNew = method == "POST" || response["status"]?.AsInteger() == 201;
            if (body["metadata"]?["uid"] is not null && !isNew && !live.ContainsKey(key))
            {
                // A step that was recorded without its answer made the object.
            }
            else if (type.Contains("apply-patch", StringComparison.Ordinal))
            {
                Apply(step, key, request, response, body, path, subresource);
            }
            else if (method is "POST" or "PUT" or "PATCH" && subresource is "" or "status" && body["metadata"]?["uid"] is not null && new Resource(body).Kind.Kind != "Scale")
            {
                Update(step, key, request, body, path, subresource);
            }

            if (body["metadata"]?["uid"] is not null && !path.Contains("dryRun", StringComparison.Ordinal) && new Resource(body).Kind.Kind != "Scale")
            {
                live[key] = body;
            }
            else if (method == "DELETE" || (response["body"] is null && !path.Contains("dryRun", StringComparison.Ordinal)))
            {
                live.Remove(key);
            }

            Learn(body);
            Learn(request["body"] as MapNode ?? []);
        }

        private void Apply(string step, string key, MapNode request, MapNode response, MapNode body, string path, string subresource)
        {
            if ((request["body"] ?? Parsed(request["bodyText"])) is not MapNode applied)
            {
                return;
            }

            FieldWriter writer = Writer(applied, path, subresource);
            string expected = body["kind"]?.AsString() == "Status" ? body["message"]?.AsString() ?? "" : Fields(body);
            long status = response["status"]?.AsInteger() ?? 0;
            bool ours = status is 200 or 201 || expected.StartsWith("Apply failed", StringComparison.Ordinal) || expected.Contains("typed patch object", StringComparison.Ordinal);
            bool isScale = path.Contains("/scale", StringComparison.Ordinal);
            if (!ours || isScale)
            {
                return;
            }

            try
            {
                ApplyResult result = ServerSideApply.Apply(live.GetValueOrDefault(key), applied, SchemaOf(applied), writer, path.Contains("force=true", StringComparison.Ordinal));
                owner.Report(step, Sorted(expected), Sorted(result.Conflicts.Count > 0 ? result.ConflictMessage : Fields(result.Object)));
                if (result.Conflicts.Count == 0 && status is 200 or 201)
                {
                    owner.Report(step + " content", "", RecordedTree.Missing(RecordedTree.Cleaned(result.Object, keepStatus: true), RecordedTree.Cleaned(body, keepStatus: true), "") ?? "");
                }
            }
            catch (MergeException refused)
            {
                owner.Report(step, Sorted(expected), Sorted(refused.Message));
            }
        }

        private void Update(string step, string key, MapNode request, MapNode body, string path, string subresource)
        {
            MapNode sent = (MapNode)ServerSideApply.WithoutManagedFields(body).DeepClone();
            MapNode? before = live.GetValueOrDefault(key);
            RemoveAllocated(sent["spec"]?.AsMap(), before?["spec"]?.AsMap(), (request["body"] ?? Parsed(request["bodyText"]))?["spec"]?.AsMap());
            string agent = (request.At("headers", "User-Agent")?.AsString() ?? "golden").Split('/')[0];
            FieldWriter writer = Writer(body, path, subresource);
            writer = path.Contains("fieldManager=", StringComparison.Ordinal) ? writer : writer with { Manager = agent };
            if (request["body"]?["metadata"]?["managedFields"] is ListNode given)
            {
                sent["metadata"]!.AsMap()!["managedFields"] = given;
            }

            MapNode result = ServerSideApply.Update(before, sent, SchemaOf(body), writer);
            owner.Report(step, Fields(body), Fields(result));
        }

        /// <summary>What the server allocates or its admission adds after it recorded who wrote what.</summary>
        private static void RemoveAllocated(MapNode? spec, MapNode? before, MapNode? sent)
        {
            foreach (string name in Allocated)
            {
                if (spec?[name] is not null && before?[name] is null && sent?[name] is null)
                {
                    spec.Remove(name);
                }
            }

            foreach (Node port in spec?["ports"]?.AsList() ?? [])
            {
                port.AsMap()?.Remove("nodePort");
            }
        }

        private static Node? Parsed(Node? text)
        {
            try
            {
                return text?.AsString() is { } json ? JsonReader.Read(Encoding.UTF8.GetBytes(json)) : null;
            }
            catch (System.Text.Json.JsonException)
            {
                return null;
            }
        }

        /// <summary>The README allows the parts of a multi-error message in any order.</summary>
        private static string Sorted(string message) => message.StartsWith('{') ? message : string.Join('\n', message.Split('\n').Order(StringComparer.Ordinal));

        private static string Fields(MapNode body) => string.Join('\n',
            (body["metadata"]?["managedFields"]?.AsList() ?? []).Select(entry => JsonWriter.ToText(Comparable(entry), new JsonWriteOptions { SortKeys = true })).Order(StringComparer.Ordinal));

        private static FieldWriter Writer(MapNode node, string path, string subresource)
        {
            int at = path.IndexOf("fieldManager=", StringComparison.Ordinal);
            string manager = at < 0 ? "golden" : path[(at + "fieldManager=".Length)..].Split('&')[0];
            ResourceKind kind = new Resource(node).Kind;
            bool hasStatus = KubernetesKinds.Find(kind)?.Subresources.Contains("status") ?? true;
            return new FieldWriter(manager, kind.ApiVersion, subresource, Now) { ResetFields = ResetFields.For(kind, subresource, hasStatus) };
        }

        private Schema? SchemaOf(MapNode node)
        {
            ResourceKind kind = new Resource(node).Kind;
            return customSchemas.GetValueOrDefault(kind.ToString()) ?? KubernetesKinds.SchemaOf(kind);
        }

        private void Learn(MapNode body)
        {
            if (body["kind"]?.AsString() != "CustomResourceDefinition" || body.At("spec", "versions") is null)
            {
                return;
            }

            foreach (Node version in body.At("spec", "versions")?.AsList() ?? [])
            {
                ResourceKind kind = new(body.At("spec", "group")!.AsString()!, version["name"]!.AsString()!, body.At("spec", "names", "kind")!.AsString()!);
                if (version.At("schema", "openAPIV3Schema") is { } schema)
                {
                    customSchemas[kind.ToString()] = StructuralSchema.FromOpenApi(schema);
                }
            }
        }
    }
}
