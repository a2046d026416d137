using System.Text;
using Bowline.EmbeddedCluster.Controllers.Workloads;
using Bowline.Resources.Json;
using Bowline.Resources.Model;

namespace Bowline.Tests.Controllers;

public sealed class PodTemplateHashTests
{
    [SharedFact]
    public void Every_hash_is_the_one_kube_controller_manager_computes()
    {
        List<string> wrong = [];
        foreach (MapNode vector in Vectors("pod-template-hash.json"))
        {
            int? collisions = (int?)vector["collisionCount"]?.AsInteger();
            string hash = PodTemplateHash.Of((MapNode)vector["defaultedTemplate"]!, collisions);
            if (hash != vector["podTemplateHash"]!.AsString())
            {
                wrong.Add($"{vector["name"]}: {hash}");
            }
        }

        Assert.Empty(wrong);
    }

    [SharedFact]
    public void The_text_that_is_hashed_is_what_go_spew_prints()
    {
        Dictionary<string, MapNode> templates = Vectors("pod-template-hash.json").ToDictionary(vector => vector["name"]!.AsString()!, vector => (MapNode)vector["defaultedTemplate"]!);
        foreach (MapNode vector in Vectors("pod-template-hash-input.json"))
        {
            Assert.Equal(vector["text"]!.AsString(), PodTemplateHash.Dump(templates[vector["name"]!.AsString()!]));
        }
    }

    [SharedFact]
    public void Controller_revisions_are_named_as_upstream_names_them()
    {
        foreach (MapNode vector in Vectors("controller-revision-hash.json"))
        {
            MapNode data = (MapNode)vector["data"]!;
            string name = vector["name"]!.AsString()!;
            string suffix = name[(name.LastIndexOf('-') + 1)..];
            MapNode template = (MapNode)data.At("spec", "template")!.DeepClone();
            template.Remove("$patch");
            string actual = vector["kind"]!.AsString() == "DaemonSet"
                ? PodTemplateHash.Of(template, null)
                : PodTemplateHash.OfRevision(JsonWriter.ToBytes(data, new JsonWriteOptions { SortKeys = true }), 0);
            Assert.Equal(suffix, actual);
        }
    }

    private static IEnumerable<MapNode> Vectors(string file)
    {
        string path = Path.Combine(SharedFolder.Goldens("apiserver"), "vectors", file);
        return JsonReader.Read(File.ReadAllText(path, Encoding.UTF8))["vectors"]!.AsList()!.OfType<MapNode>().ToList();
    }
}
