using Bowline.Resources.Json;
using Bowline.Resources.Merging;
using Bowline.Resources.Model;
using Bowline.Resources.Schemas;

namespace Bowline.Resources.Tests.Merging;

public sealed class ServerSideApplyTests
{
    private static readonly DateTimeOffset Start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private static readonly Schema ConfigMap = KubernetesKinds.Find("", "ConfigMap")!.Schema!;
    private static readonly Schema Service = KubernetesKinds.Find("", "Service")!.Schema!;
    private static readonly Schema Pod = KubernetesKinds.Find("", "Pod")!.Schema!;

    private static MapNode Map(string json) => (MapNode)JsonReader.Read(json);

    private static FieldWriter By(string manager, int second = 0) => new(manager, "v1", "", Start.AddSeconds(second));

    private static MapNode Applied(MapNode? live, string json, string manager, Schema? schema, int second = 0, bool force = false)
    {
        ApplyResult result = ServerSideApply.Apply(live, Map(json), schema, By(manager, second), force);
        Assert.Empty(result.Conflicts);
        return result.Object;
    }

    private static string[] Owners(MapNode node) => [.. (node["metadata"]?["managedFields"]?.AsList() ?? []).Select(entry =>
        $"{entry["manager"]} {entry["operation"]} {entry["time"]}: {string.Join(' ', FieldSet.FromFieldsV1(entry["fieldsV1"]!).Paths())}")];

    [Fact]
    public void A_port_without_a_protocol_is_the_tcp_port()
    {
        MapNode live = Applied(null, """{"apiVersion":"v1","kind":"Service","metadata":{"name":"s"},"spec":{"ports":[{"port":80,"name":"a"}]}}""", "one", Service);
        live["spec"]!["ports"]!.AsList()![0].AsMap()!["protocol"] = "TCP";
        MapNode next = Applied(live, """{"apiVersion":"v1","kind":"Service","metadata":{"name":"s"},"spec":{"ports":[{"port":80,"name":"a","targetPort":8080},{"port":80,"protocol":"UDP","name":"b"}]}}""", "one", Service);
        Assert.Equal("""[{"port":80,"name":"a","protocol":"TCP","targetPort":8080},{"port":80,"protocol":"UDP","name":"b"}]""", JsonWriter.ToText(next["spec"]!["ports"]!));
        Assert.Contains(".spec.ports[port=80,protocol=\"TCP\"].targetPort", FieldSet.FromFieldsV1(next["metadata"]!["managedFields"]!.AsList()![0]["fieldsV1"]!).Paths());
    }

    [Fact]
    public void Items_of_others_keep_their_place_between_the_applied_ones()
    {
        MapNode live = Map("""{"apiVersion":"v1","kind":"Pod","metadata":{"name":"p","uid":"u"},"spec":{"containers":[{"name":"a"},{"name":"x"},{"name":"b"},{"name":"y"}]}}""");
        live = ServerSideApply.Update(null, live, Pod, By("creator"));
        MapNode next = Applied(live, """{"apiVersion":"v1","kind":"Pod","metadata":{"name":"p"},"spec":{"containers":[{"name":"b"},{"name":"n"},{"name":"a"}]}}""", "one", Pod);
        Assert.Equal("x b y n a", string.Join(' ', next["spec"]!["containers"]!.AsList()!.Select(item => item["name"]!.AsString())));
    }

    [Fact]
    public void An_item_goes_with_its_last_applier_but_not_fields_that_another_owns()
    {
        MapNode live = Applied(null, """{"apiVersion":"v1","kind":"Pod","metadata":{"name":"p"},"spec":{"containers":[{"name":"a","image":"1"},{"name":"b","image":"1"}]}}""", "one", Pod);
        live = Applied(live, """{"apiVersion":"v1","kind":"Pod","metadata":{"name":"p"},"spec":{"containers":[{"name":"b","args":["x"]}]}}""", "two", Pod, 1);
        MapNode next = Applied(live, """{"apiVersion":"v1","kind":"Pod","metadata":{"name":"p"},"spec":{}}""", "one", Pod, 2);
        Assert.Equal("""[{"name":"b","args":["x"]}]""", JsonWriter.ToText(next["spec"]!["containers"]!));
    }

    [Fact]
    public void An_object_that_nobody_tracked_belongs_to_before_first_apply()
    {
        MapNode live = Map("""{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a","uid":"u"},"data":{"a":"1","b":"2"}}""");
        ApplyResult refused = ServerSideApply.Apply(live, Map("""{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a"},"data":{"a":"9"}}"""), ConfigMap, By("one"), force: false);
        Assert.Equal("Apply failed with 1 conflict: conflict with \"before-first-apply\" using v1: .data.a", refused.ConflictMessage);
        Assert.Same(live, refused.Object);
        Assert.False(ServerSideApply.Update(live, live, ConfigMap, By("x"))["metadata"]!.AsMap()!.ContainsKey("managedFields"));
    }

    [Fact]
    public void An_unknown_field_is_refused_by_its_path()
    {
        MapNode applied = Map("""{"apiVersion":"v1","kind":"Pod","metadata":{"name":"p","namespace":"n"},"spec":{"containers":[{"name":"a","bogus":1},{"name":"a"}]}}""");
        MergeException refused = Assert.Throws<MergeException>(() => ServerSideApply.Apply(null, applied, Pod, By("one"), force: true));
        Assert.Equal("failed to create typed patch object (n/p; v1, Kind=Pod): errors:\n  .spec.containers[name=\"a\"].bogus: field not declared in schema\n  .spec.containers: duplicate entries for key [name=\"a\"]", refused.Message);
    }

    [Fact]
    public void Managed_fields_in_the_body_are_a_bad_request()
    {
        MapNode applied = Map("""{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a","managedFields":[]}}""");
        Assert.True(Assert.Throws<MergeException>(() => ServerSideApply.Apply(null, applied, ConfigMap, By("one"), force: false)).IsBadRequest);
    }

    [Fact]
    public void A_kind_without_a_schema_merges_maps_replaces_lists_and_knows_metadata()
    {
        MapNode live = Applied(null, """{"apiVersion":"x.io/v1","kind":"W","metadata":{"name":"w","finalizers":["a/a"]},"spec":{"m":{"a":1},"l":[1,2]}}""", "one", null);
        live = Applied(live, """{"apiVersion":"x.io/v1","kind":"W","metadata":{"name":"w","finalizers":["b/b"]},"spec":{"m":{"b":2}}}""", "two", null, 1);
        Assert.Equal("""{"m":{"a":1,"b":2},"l":[1,2]}""", JsonWriter.ToText(live["spec"]!));
        Assert.Equal("""["a/a","b/b"]""", JsonWriter.ToText(live["metadata"]!["finalizers"]!));
        Assert.Single(ServerSideApply.Apply(live, Map("""{"apiVersion":"x.io/v1","kind":"W","metadata":{"name":"w"},"spec":{"l":[3]}}"""), null, By("two"), force: false).Conflicts);
    }

    [Fact]
    public void Duplicates_in_a_live_list_are_owned_as_one_and_replaced_by_an_apply()
    {
        MapNode live = Map("""{"apiVersion":"v1","kind":"Pod","metadata":{"name":"p"},"spec":{"containers":[{"name":"a","env":[{"name":"X","value":"1"},{"name":"X","value":"2"}]}]}}""");
        live = ServerSideApply.Update(null, live, Pod, By("creator"));
        Assert.Contains(".spec.containers[name=\"a\"].env[name=\"X\"] ", Owners(live)[0] + " ");
        Assert.DoesNotContain("env[name=\"X\"].value", Owners(live)[0]);
        MapNode next = Applied(live, """{"apiVersion":"v1","kind":"Pod","metadata":{"name":"p"},"spec":{"containers":[{"name":"a","env":[{"name":"X","value":"3"}]}]}}""", "one", Pod, force: true);
        Assert.Equal("""[{"name":"X","value":"3"}]""", JsonWriter.ToText(next.At("spec")!["containers"]!.AsList()![0]["env"]!));
    }

    [Fact]
    public void The_oldest_updaters_are_merged_once_there_are_more_than_ten()
    {
        MapNode live = ServerSideApply.Update(null, Map("""{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a","uid":"u"},"data":{}}"""), ConfigMap, By("m0"));
        for (int i = 1; i <= 12; i++)
        {
            MapNode updated = (MapNode)live.DeepClone();
            updated.EnsureMap("data")[$"k{i}"] = "v";
            live = ServerSideApply.Update(live, updated, ConfigMap, By($"m{i}", i));
        }

        string[] owners = Owners(live);
        Assert.Equal(10, owners.Length);
        Assert.StartsWith("ancient-changes Update 2026-01-01T00:00:03Z: .data ", owners[0], StringComparison.Ordinal);
        Assert.Contains(".data.k3", owners[0]);
    }

    [Fact]
    public void A_writer_may_clear_managed_fields_and_forgetting_them_keeps_them()
    {
        MapNode live = ServerSideApply.Update(null, Map("""{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a","uid":"u"},"data":{"a":"1"}}"""), ConfigMap, By("one"));
        MapNode silent = ServerSideApply.WithoutManagedFields(live);
        Assert.Equal(Owners(live), Owners(ServerSideApply.Update(live, silent, ConfigMap, By("two", 5))));
        MapNode cleared = (MapNode)live.DeepClone();
        cleared["metadata"]!.AsMap()!["managedFields"] = new ListNode(new MapNode());
        Assert.Empty(Owners(ServerSideApply.Update(live, cleared, ConfigMap, By("two", 5))));
    }

    [Fact]
    public void A_write_that_changes_only_times_is_no_write()
    {
        MapNode live = Applied(null, """{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a"},"data":{"a":"1"}}""", "one", ConfigMap);
        MapNode later = Applied(null, """{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a"},"data":{"a":"1"}}""", "one", ConfigMap, 9);
        Assert.True(ServerSideApply.KeepTimes(live, later).DeepEquals(live));
        later["data"]!.AsMap()!["a"] = "2";
        Assert.Same(later, ServerSideApply.KeepTimes(live, later));
    }

    [Fact]
    public void An_apply_leaves_its_inputs_alone_and_hands_out_a_tree_of_its_own()
    {
        MapNode live = Applied(null, """{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a","labels":{"x":"y"}},"data":{"a":"1"}}""", "one", ConfigMap);
        live.Freeze();
        MapNode applied = (MapNode)Map("""{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a"},"data":{"b":"1"}}""").Freeze();
        MapNode result = ServerSideApply.Apply(live, applied, ConfigMap, By("two"), force: false).Object;
        result["metadata"]!["labels"]!.AsMap()!["new"] = "1";
        result["data"]!.AsMap()!.Remove("a");
        Assert.Equal("""{"a":"1"}""", JsonWriter.ToText(live["data"]!));
    }

    [Fact]
    public void A_prediction_tells_what_changes_and_from_whom()
    {
        MapNode live = Applied(null, """{"apiVersion":"v1","kind":"Pod","metadata":{"name":"p"},"spec":{"priority":1,"containers":[{"name":"a","image":"1","resources":{"requests":{"cpu":"500m"}}}]}}""", "one", Pod);
        live = ServerSideApply.Update(live, With(live, "image", "2"), Pod, By("someone", 1));
        ApplyPrediction prediction = ServerSideApply.Predict(live, Map("""{"apiVersion":"v1","kind":"Pod","metadata":{"name":"p"},"spec":{"nodeName":null,"containers":[{"name":"a","image":"1","resources":{"requests":{"cpu":0.5}}}]}}"""), Pod, By("one", 2));
        Assert.Equal([".spec.containers[name=\"a\"].image"], prediction.Modified.Paths());
        Assert.Equal([".spec.priority"], prediction.Removed.Paths());
        Assert.True(prediction.Added.IsEmpty);
        Assert.Equal([new ApplyConflict("\"someone\" using v1", ".spec.containers[name=\"a\"].image")], prediction.Conflicts);
    }

    [Fact]
    public void Fields_of_a_client_side_apply_are_handed_over_so_that_leaving_them_out_removes_them()
    {
        MapNode live = ServerSideApply.Update(null, Map("""{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a","uid":"u"},"data":{"a":"1","b":"2"}}"""), ConfigMap, By(ClientSideApply.KubectlManager));
        MapNode handed = ClientSideApply.HandOver(live, [ClientSideApply.KubectlManager], "bowline");
        MapNode next = Applied(handed, """{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a"},"data":{"a":"1"}}""", "bowline", ConfigMap);
        Assert.Equal("""{"a":"1"}""", JsonWriter.ToText(next["data"]!));
        Assert.Single(Owners(next));
        Assert.Same(next, ClientSideApply.HandOver(next, [ClientSideApply.KubectlManager], "bowline"));
    }

    [Fact]
    public void A_long_list_merges_in_linear_time()
    {
        ListNode Containers(string image) => new(Enumerable.Range(0, 20_000).Select(i => (Node)new MapNode { ["name"] = $"c{i}", ["image"] = image }));
        MapNode PodWith(string image) => new() { ["apiVersion"] = "v1", ["kind"] = "Pod", ["metadata"] = new MapNode { ["name"] = "p" }, ["spec"] = new MapNode { ["containers"] = Containers(image) } };
        MapNode live = ServerSideApply.Apply(null, PodWith("1"), Pod, By("one"), force: false).Object;
        System.Diagnostics.Stopwatch watch = System.Diagnostics.Stopwatch.StartNew();
        ServerSideApply.Apply(live, PodWith("2"), Pod, By("one", 1), force: false);
        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(5), watch.Elapsed.ToString());
    }

    [Fact]
    public void Thousands_of_managers_in_a_body_take_linear_time()
    {
        MapNode live = Map("""{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a","uid":"u"},"data":{"a":"1"}}""");
        MapNode updated = (MapNode)live.DeepClone();
        updated["metadata"]!.AsMap()!["managedFields"] = new ListNode(Enumerable.Range(0, 30_000).Select(i => (Node)new MapNode
        {
            ["manager"] = $"m{i}",
            ["operation"] = i % 2 == 0 ? "Apply" : "Update",
            ["apiVersion"] = "v1",
            ["fieldsType"] = "FieldsV1",
            ["fieldsV1"] = Map("""{"f:data":{"f:a":{}}}"""),
        }));
        System.Diagnostics.Stopwatch watch = System.Diagnostics.Stopwatch.StartNew();
        MapNode next = ServerSideApply.Update(live, updated, ConfigMap, By("one"));
        Assert.Equal(15_010, Owners(next).Length);
        Assert.True(ServerSideApply.KeepTimes(next, (MapNode)next.DeepClone()).DeepEquals(next));
        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(5), watch.Elapsed.ToString());
    }

    private static MapNode With(MapNode pod, string field, string value)
    {
        MapNode copy = (MapNode)pod.DeepClone();
        copy["spec"]!["containers"]!.AsList()![0].AsMap()![field] = value;
        return copy;
    }
}
