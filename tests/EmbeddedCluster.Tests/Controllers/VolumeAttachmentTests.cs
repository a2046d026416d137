using Bowline.EmbeddedCluster.Controllers;
using Bowline.Resources.Model;

namespace Bowline.Tests.Controllers;

/// <summary>Volumes of CSI drivers, from the claim to the node, as the attach/detach controller and its texts have it.</summary>
public sealed class VolumeAttachmentTests
{
    [Fact]
    public async Task A_volume_for_one_node_stays_there_until_nobody_uses_it_and_pods_elsewhere_are_told()
    {
        await using RunningCluster cluster = await RunningCluster.StartAsync();
        string volume = await ClaimAsync(cluster, "ReadWriteOnce");
        await cluster.CreateAsync(Pod("first", "bowline-1"));
        await cluster.WaitAsync("v1", "Pod", "first", pod => pod.Status().ConditionIs("Ready", "True"));
        MapNode attachment = Assert.Single(await cluster.ListAsync("storage.k8s.io/v1", "VolumeAttachment", string.Empty));
        Assert.Equal(("ebs.csi.aws.com", "bowline-1", volume), (attachment.Spec().Text("attacher"), attachment.Spec().Text("nodeName"), attachment.Spec()["source"]!["persistentVolumeName"]!.AsString()));
        Assert.True(attachment.Status().Flag("attached"));
        string unique = $"kubernetes.io/csi/ebs.csi.aws.com^{volume}";
        MapNode node = await cluster.WaitAsync("v1", "Node", "bowline-1", node => node.Status()["volumesAttached"] is ListNode { Count: 1 }, string.Empty);
        Assert.Equal((unique, unique), (node.Status()["volumesAttached"]!.AsList()![0]["name"]!.AsString(), node.Status()["volumesInUse"]!.AsList()![0].AsString()));
        await EventAsync(cluster, "first", "SuccessfulAttachVolume", $"AttachVolume.Attach succeeded for volume \"{volume}\" ");

        await cluster.CreateAsync(Pod("second", "bowline-2"));
        await EventAsync(cluster, "second", "FailedAttachVolume", $"Multi-Attach error for volume \"{volume}\" Volume is already used by pod(s) first");
        MapNode waiting = await cluster.WaitAsync("v1", "Pod", "second", pod => pod.Status()["containerStatuses"] is not null);
        Assert.Equal("ContainerCreating", waiting.Status()["containerStatuses"]!.AsList()![0].At("state", "waiting", "reason")!.AsString());

        await cluster.DeleteAsync("v1", "Pod", "first");
        await cluster.WaitAsync("v1", "Pod", "second", pod => pod.Status().ConditionIs("Ready", "True"));
        Assert.Equal("bowline-2", Assert.Single(await cluster.ListAsync("storage.k8s.io/v1", "VolumeAttachment", string.Empty)).Spec().Text("nodeName"));
        await cluster.WaitAsync("v1", "Node", "bowline-1", node => node.Status()["volumesAttached"] is null && node.Status()["volumesInUse"] is null, string.Empty);
    }

    [Theory]
    [InlineData("ReadWriteMany", null, 2)]
    [InlineData("ReadWriteOnce", false, 0)]
    public async Task A_volume_that_many_may_write_or_that_its_driver_does_not_attach_is_wherever_its_pods_are(string mode, bool? attachRequired, int attachments)
    {
        await using RunningCluster cluster = await RunningCluster.StartAsync();
        if (attachRequired is { } required)
        {
            await cluster.CreateAsync($"apiVersion: storage.k8s.io/v1\nkind: CSIDriver\nmetadata: {{name: ebs.csi.aws.com}}\nspec: {{attachRequired: {(required ? "true" : "false")}}}");
        }

        await ClaimAsync(cluster, mode);
        await cluster.CreateAsync(Pod("first", "bowline-1"));
        await cluster.CreateAsync(Pod("second", "bowline-2"));
        await cluster.WaitAsync("v1", "Pod", "first", pod => pod.Status().ConditionIs("Ready", "True"));
        await cluster.WaitAsync("v1", "Pod", "second", pod => pod.Status().ConditionIs("Ready", "True"));
        Assert.Equal(attachments, (await cluster.ListAsync("storage.k8s.io/v1", "VolumeAttachment", string.Empty)).Count);
    }

    private static async Task<string> ClaimAsync(RunningCluster cluster, string mode)
    {
        await cluster.CreateAsync("apiVersion: storage.k8s.io/v1\nkind: StorageClass\nmetadata: {name: gp3}\nprovisioner: ebs.csi.aws.com");
        await cluster.CreateAsync($$"""
            apiVersion: v1
            kind: PersistentVolumeClaim
            metadata: {name: data, namespace: default}
            spec: {storageClassName: gp3, accessModes: [{{mode}}], resources: {requests: {storage: 1Gi} } }
            """);
        MapNode claim = await cluster.WaitAsync("v1", "PersistentVolumeClaim", "data", claim => claim.Status().Text("phase") == "Bound");
        return claim.Spec().Text("volumeName");
    }

    private static string Pod(string name, string node) => $$"""
        apiVersion: v1
        kind: Pod
        metadata: {name: {{name}}, namespace: default}
        spec: {nodeName: {{node}}, containers: [{name: c, image: db}], volumes: [{name: v, persistentVolumeClaim: {claimName: data} }] }
        """;

    private static async Task EventAsync(RunningCluster cluster, string pod, string reason, string message)
    {
        for (int i = 0; i < 1000; i++)
        {
            if ((await cluster.ListAsync("v1", "Event")).FirstOrDefault(told => told["involvedObject"]!["name"]!.AsString() == pod && told.Text("reason") == reason) is { } found)
            {
                Assert.Equal(message, found.Text("message"));
                return;
            }

            await Task.Delay(TimeSpan.FromMilliseconds(10), TimeProvider.System);
        }

        Assert.Fail($"no event {reason} for {pod}");
    }
}
