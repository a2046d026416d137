using Bowline.Resources.Json;
using Bowline.Resources.Merging;
using Bowline.Resources.Model;
using Bowline.Resources.Schemas;

namespace Bowline.Resources.Tests.Merging;

/// <summary>The outcomes are those of the recordings <c>apply-scale</c> and <c>scale-deployment</c>.</summary>
public sealed class ScaleOwnershipTests
{
    private static readonly DateTimeOffset Now = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private static readonly ScaleOwnership Ownership = new("apps/v1", "spec", "replicas");
    private static readonly Schema Scale = KubernetesKinds.SchemaOf(new ResourceKind("autoscaling", "v1", "Scale"))!;

    private static MapNode Parent(string manager, string operation) => (MapNode)JsonReader.Read(
        """
        {"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"web","managedFields":[{"manager":"MANAGER","operation":"OPERATION","apiVersion":"apps/v1","time":"2025-01-01T00:00:00Z","fieldsType":"FieldsV1","fieldsV1":{"f:spec":{"f:replicas":{},"f:selector":{}}}}]},"spec":{"replicas":2}}
        """.Replace("MANAGER", manager, StringComparison.Ordinal).Replace("OPERATION", operation, StringComparison.Ordinal));

    private static MapNode ScaleOf(MapNode parent) => new()
    {
        ["apiVersion"] = "autoscaling/v1",
        ["kind"] = "Scale",
        ["metadata"] = new MapNode { ["name"] = "web", ["uid"] = "u", ["managedFields"] = Ownership.ToScale(parent) },
        ["spec"] = new MapNode { ["replicas"] = 2 },
    };

    private static FieldWriter By(string manager) => new(manager, "autoscaling/v1", "scale", Now);

    [Fact]
    public void An_apply_through_scale_meets_the_owner_of_the_replicas()
    {
        MapNode parent = Parent("owner", "Apply");
        MapNode intent = new() { ["apiVersion"] = "autoscaling/v1", ["kind"] = "Scale", ["metadata"] = new MapNode { ["name"] = "web" }, ["spec"] = new MapNode { ["replicas"] = 4 } };
        Assert.Equal("Apply failed with 1 conflict: conflict with \"owner\": .spec.replicas", ServerSideApply.Apply(ScaleOf(parent), intent, Scale, By("hpa"), force: false).ConflictMessage);
        MapNode forced = ServerSideApply.Apply(ScaleOf(parent), intent, Scale, By("hpa"), force: true).Object;
        Assert.Equal(
            """[{"manager":"hpa","operation":"Apply","apiVersion":"apps/v1","fieldsType":"FieldsV1","fieldsV1":{"f:spec":{"f:replicas":{}}},"subresource":"scale"},{"manager":"owner","operation":"Apply","apiVersion":"apps/v1","time":"2025-01-01T00:00:00Z","fieldsType":"FieldsV1","fieldsV1":{"f:spec":{"f:selector":{}}}}]""",
            JsonWriter.ToText(Ownership.ToParent(parent, forced)));
    }

    [Fact]
    public void An_update_through_scale_takes_the_replicas_once()
    {
        MapNode parent = Parent("golden", "Update");
        for (int replicas = 3; replicas < 6; replicas++)
        {
            MapNode scale = ScaleOf(parent);
            MapNode updated = (MapNode)scale.DeepClone();
            updated["spec"]!.AsMap()!["replicas"] = replicas;
            MapNode next = (MapNode)parent.DeepClone();
            next["metadata"]!.AsMap()!["managedFields"] = Ownership.ToParent(parent, ServerSideApply.Update(scale, updated, Scale, By("golden")));
            parent = next;
        }

        Assert.Equal(
            """[{"manager":"golden","operation":"Update","apiVersion":"apps/v1","fieldsType":"FieldsV1","fieldsV1":{"f:spec":{"f:replicas":{}}},"subresource":"scale"},{"manager":"golden","operation":"Update","apiVersion":"apps/v1","time":"2025-01-01T00:00:00Z","fieldsType":"FieldsV1","fieldsV1":{"f:spec":{"f:selector":{}}}}]""",
            JsonWriter.ToText(parent["metadata"]!["managedFields"]!));
    }
}
