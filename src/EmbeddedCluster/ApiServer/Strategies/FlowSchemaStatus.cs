using Bowline.EmbeddedCluster.Definitions;
using Bowline.EmbeddedCluster.Kinds;
using Bowline.EmbeddedCluster.Storage;
using Bowline.Resources.Merging;
using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.ApiServer.Strategies;

/// <summary>Tells of each FlowSchema whether the priority level that it names is there, as kube-apiserver's own configuration controller does.</summary>
internal sealed class FlowSchemaStatus(ObjectStore store, TimeProvider time)
{
    public const string Schemas = "flowschemas.flowcontrol.apiserver.k8s.io";
    public const string Levels = "prioritylevelconfigurations.flowcontrol.apiserver.k8s.io";
    private static readonly ServedKind Kind = KindRegistry.BuiltIn.Find("flowcontrol.apiserver.k8s.io", "v1", "flowschemas")!;

    public void Settle()
    {
        foreach (StoredObject schema in store.Snapshot(Schemas).In(null))
        {
            string level = schema.Node.At("spec", "priorityLevelConfiguration", "name")?.AsString() ?? string.Empty;
            bool isThere = store.Get(Levels, string.Empty, level) is not null;
            string end = isThere ? "and it exists" : "but there is no such object";
            MapNode next = (MapNode)schema.Node.DeepClone();
            DefinitionStatus.SetCondition(next, "Dangling", isThere ? "False" : "True", isThere ? "Found" : "NotFound", $"This FlowSchema references the PriorityLevelConfiguration object named \"{level}\" {end}", Timestamp.Text(time.GetUtcNow()));
            if (!Node.DeepEquals(schema.Node["status"], next["status"]))
            {
                next = ServerSideApply.Update(schema.Node, next, Kind.Schema, new FieldWriter("api-priority-and-fairness-config-consumer-v1", Kind.Kind.ApiVersion, "status", time.GetUtcNow()));

                // Whoever writes in between settles it again.
                _ = store.TryPut(Schemas, schema, string.Empty, schema.Name, next);
            }
        }
    }
}
