using System.Text;
using Bowline.Resources.Json;
using Bowline.Resources.Model;
using Bowline.Resources.Patching;
using Bowline.Resources.Schemas;
using Bowline.Resources.Tests.Merging;
using Bowline.Tests;

namespace Bowline.Resources.Tests.Patching;

/// <summary>Replays every accepted patch of the recorded API server against the object that the patch met.</summary>
public sealed class RecordedPatchTests
{
    [SharedFact]
    public void Accepted_patches_lead_to_the_recorded_object()
    {
        int matched = 0;
        List<string> mismatches = [];
        foreach (string file in Directory.EnumerateFiles(SharedFolder.Goldens("apiserver"), "*.json", SearchOption.AllDirectories).Order(StringComparer.Ordinal))
        {
            // Where controllers run, they change the object between its patches.
            if (file.Contains("/controllers/", StringComparison.Ordinal))
            {
                continue;
            }

            if (JsonReader.Read(File.ReadAllBytes(file)) is MapNode scenario && scenario["steps"] is ListNode steps)
            {
                Replay(Path.GetFileName(file), steps, mismatches, ref matched);
            }
        }

        // In the remaining four the kind's own rules act after the patch: Service type changes and Namespace spec.finalizers.
        Assert.True(matched >= 87 && mismatches.Count <= 4, $"{matched} of {matched + mismatches.Count}\n{string.Join('\n', mismatches)}");
    }

    private static void Replay(string file, ListNode steps, List<string> mismatches, ref int matched)
    {
        Dictionary<string, MapNode> live = [];
        for (int i = 0; i < steps.Count; i++)
        {
            MapNode? request = steps[i]["request"]?.AsMap();
            string path = (request?["path"]?.AsString() ?? "").Split('?')[0];
            if (request is null || IsSubresource(path) || steps[i].At("response", "trimmed") is not null || steps[i].At("response", "body") is not MapNode body || body["metadata"]?["name"] is null)
            {
                continue;
            }

            string type = request.At("headers", "Content-Type")?.AsString() ?? "";
            string key = request["method"]?.AsString() == "POST" ? $"{path}/{body.At("metadata", "name")?.AsString()}" : path;
            if (request["method"]?.AsString() == "PATCH" && live.TryGetValue(key, out MapNode? before) && Patch(before, type, Body(request)) is { } patched)
            {
                if (RecordedTree.Missing(RecordedTree.Cleaned(patched), RecordedTree.Cleaned(body), "") is { } difference)
                {
                    mismatches.Add($"{file} step {i}: {difference}");
                }
                else
                {
                    matched++;
                }
            }

            if (!(request["path"]?.AsString() ?? "").Contains("dryRun", StringComparison.Ordinal))
            {
                live[key] = body;
            }
        }
    }

    private static bool IsSubresource(string path) => path.EndsWith("/status", StringComparison.Ordinal) || path.EndsWith("/scale", StringComparison.Ordinal) || path.EndsWith("/finalize", StringComparison.Ordinal);

    private static Node Body(MapNode request) => request["body"] ?? JsonReader.Read(Encoding.UTF8.GetBytes(request["bodyText"]?.AsString() ?? "{}"));

    private static MapNode? Patch(MapNode before, string type, Node patch)
    {
        Schema? schema = KubernetesKinds.SchemaOf(new Resource(before).Kind);
        return type switch
        {
            "application/json-patch+json" => JsonPatch.Apply(before, (ListNode)patch) as MapNode,
            "application/merge-patch+json" => MergePatch.Apply(before, patch) as MapNode,
            "application/strategic-merge-patch+json" => StrategicMergePatch.Apply(before, (MapNode)patch, schema),
            _ => null,
        };
    }
}
