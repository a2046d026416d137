using System.IO.Compression;
using Bowline.Resources.Json;
using Bowline.Resources.Model;
using Bowline.Resources.Schemas;
using Bowline.Tests;

namespace Bowline.Resources.Tests.Schemas;

public sealed class KubernetesKindsTests
{
    private const string ReferencePrefix = "#/components/schemas/";

    [Fact]
    public void A_kind_is_found_by_its_full_name_by_group_and_by_its_path()
    {
        KindDefinition deployment = KubernetesKinds.Find(new ResourceKind("apps", "v1", "Deployment"))!;
        Assert.Same(deployment, KubernetesKinds.Find("apps", "Deployment"));
        Assert.Same(deployment, KubernetesKinds.FindResource("apps", "v1", "deployments"));
        Assert.Equal(["deploy"], deployment.ShortNames);
        Assert.True(deployment.Namespaced);
        Assert.Contains(deployment.SubresourceDefinitions, sub => sub.Name == "scale" && sub.Kind == new ResourceKind("autoscaling", "v1", "Scale"));
        Assert.Null(KubernetesKinds.Find("apps", "Deploy"));
    }

    [Fact]
    public void Autoscaling_prefers_version_2_and_keeps_version_1()
    {
        Assert.Equal("v2", KubernetesKinds.Find("autoscaling", "HorizontalPodAutoscaler")!.Kind.Version);
        Assert.NotNull(KubernetesKinds.Find(new ResourceKind("autoscaling", "v1", "HorizontalPodAutoscaler")));
    }

    [Fact]
    public void Kinds_without_a_resource_have_a_schema()
    {
        Assert.Contains("spec", KubernetesKinds.SchemaOf(new ResourceKind("autoscaling", "v1", "Scale"))!.Properties.Keys);
        Assert.Contains("deleteOptions", KubernetesKinds.SchemaOf(new ResourceKind("policy", "v1", "Eviction"))!.Properties.Keys);
        Assert.Contains("items", KubernetesKinds.SchemaOf(new ResourceKind("", "v1", "ConfigMapList"))!.Properties.Keys);
    }

    [Fact]
    public void Recursive_definitions_share_one_schema()
    {
        Schema props = KubernetesKinds.SchemaOf("io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSONSchemaProps")!;
        Assert.Same(props, props.Field("not"));
        Assert.Same(props, props.Field("properties")!.AdditionalProperties);
    }

    [Fact]
    public void Service_ports_carry_merge_keys_and_defaults()
    {
        Schema ports = KubernetesKinds.Find("", "Service")!.Schema!.Field("spec")!.Field("ports")!;
        Assert.Equal(ListType.Map, ports.ListType);
        Assert.Equal(["port", "protocol"], ports.ListMapKeys);
        Assert.Equal("port", ports.PatchMergeKey);
        Assert.Equal(["merge"], ports.PatchStrategies);
        Assert.Equal("TCP", ports.Items!.Field("protocol")!.Default!.AsString());
        Assert.True(ports.Items.Field("targetPort")!.IntOrString);
    }

    [SharedFact]
    public void Every_recorded_definition_reads_back_from_the_table()
    {
        using GZipStream packed = new(File.OpenRead(Path.Combine(SharedFolder.Root!, "data/kubernetes-schema/openapi-v3.json.gz")), CompressionMode.Decompress);
        using MemoryStream unpacked = new();
        packed.CopyTo(unpacked);
        int compared = 0;
        foreach (KeyValuePair<string, Node> document in (MapNode)JsonReader.Read(unpacked.ToArray()))
        {
            foreach ((string name, Node definition) in document.Value.At("components", "schemas")?.AsMap() ?? [])
            {
                Schema schema = KubernetesKinds.SchemaOf(name) ?? throw new InvalidOperationException(name);
                Compare(name, (MapNode)definition, schema);
                compared++;
            }
        }

        Assert.Equal(584, KubernetesKinds.Definitions.Count);
        Assert.True(compared > 584);
    }

    [SharedFact]
    public void Merge_rules_agree_with_version_2_of_the_documents()
    {
        using GZipStream packed = new(File.OpenRead(Path.Combine(SharedFolder.Root!, "data/kubernetes-schema/openapi-v2.json.gz")), CompressionMode.Decompress);
        using MemoryStream unpacked = new();
        packed.CopyTo(unpacked);
        int fields = 0;
        foreach ((string name, Node definition) in JsonReader.Read(unpacked.ToArray())["definitions"]!.AsMap()!)
        {
            foreach ((string field, Node property) in definition["properties"]?.AsMap() ?? [])
            {
                Schema schema = KubernetesKinds.SchemaOf(name)!.Properties[field];
                Assert.Equal(property["x-kubernetes-patch-merge-key"]?.AsString(), schema.PatchMergeKey);
                Assert.Equal(property["x-kubernetes-patch-strategy"]?.AsString() ?? "", string.Join(',', schema.PatchStrategies));
                Assert.Equal(property["x-kubernetes-list-map-keys"]?.AsList()?.Select(key => key.AsString()) ?? [], schema.ListMapKeys);
                fields++;
            }
        }

        Assert.True(fields > 2000);
    }

    [SharedFact]
    public void Every_recorded_resource_and_subresource_is_in_the_table()
    {
        Node discovery = JsonReader.Read(File.ReadAllBytes(Path.Combine(SharedFolder.Root!, "data/kubernetes-schema/discovery-legacy.json")));
        int found = 0;
        foreach ((string path, Node answer) in (MapNode)discovery)
        {
            foreach (Node resource in answer["resources"]?.AsList() ?? [])
            {
                string[] name = resource["name"]!.AsString()!.Split('/');
                ResourceKind version = ResourceKind.Of(answer["groupVersion"]!.AsString()!, "");
                KindDefinition kind = KubernetesKinds.FindResource(version.Group, version.Version, name[0]) ?? throw new InvalidOperationException(path + " " + name[0]);
                IReadOnlyList<string> verbs = name.Length == 1 ? kind.Verbs : kind.SubresourceDefinitions.Single(sub => sub.Name == name[1]).Verbs;
                Assert.Equal(resource["verbs"]!.AsList()!.Select(verb => verb.AsString()), verbs);
                Assert.Equal(resource["storageVersionHash"]?.AsString() ?? "", name.Length == 1 ? kind.StorageVersionHash : "");
                found++;
            }
        }

        Assert.True(found > 100);
    }

    private static void Compare(string path, MapNode expected, Schema actual)
    {
        MapNode? properties = expected["properties"]?.AsMap();
        Assert.Equal(properties?.Keys.Order().ToArray() ?? [], actual.Properties.Keys.Order().ToArray());
        Assert.Equal(expected["x-kubernetes-list-type"]?.AsString() ?? "atomic", actual.ListType.ToString().ToLowerInvariant());
        Assert.Equal(expected["x-kubernetes-patch-merge-key"]?.AsString(), actual.PatchMergeKey);
        Assert.Equal(expected["x-kubernetes-patch-strategy"]?.AsString() ?? "", string.Join(',', actual.PatchStrategies));
        Assert.Equal(expected["x-kubernetes-map-type"]?.AsString() == "atomic" || path.EndsWith("RawExtension", StringComparison.Ordinal), actual.AtomicMap);
        Assert.Equal(expected["required"]?.AsList()?.Select(name => name.AsString()) ?? [], actual.Required);
        Assert.Equal(expected["enum"]?.AsList()?.Select(name => name.AsString()) ?? [], actual.Enum);
        Assert.Equal(expected["default"] is MapNode ? null : expected["default"]?.ToString(), actual.Default?.ToString());
        foreach ((string name, Node property) in properties ?? [])
        {
            CompareInline($"{path}.{name}", (MapNode)property, actual.Field(name)!);
        }

        if (expected["items"] is MapNode items)
        {
            CompareInline($"{path}[]", items, actual.Items!);
        }

        if (expected["additionalProperties"] is MapNode additional)
        {
            CompareInline($"{path}{{}}", additional, actual.AdditionalProperties!);
        }
    }

    private static void CompareInline(string path, MapNode expected, Schema actual)
    {
        string? reference = expected["$ref"]?.AsString() ?? (expected["allOf"] as ListNode)?[0]["$ref"]?.AsString();
        if (reference is null)
        {
            Compare(path, expected, actual);
        }
        else if (expected.All(member => member.Key is "$ref" or "allOf" || member is { Key: "default", Value: MapNode { Count: 0 } }))
        {
            Assert.Same(KubernetesKinds.SchemaOf(reference[ReferencePrefix.Length..]), actual);
        }
    }
}
