using Bowline.EmbeddedCluster.Controllers;
using Bowline.Resources.Model;

namespace Bowline.Tests.Controllers;

/// <summary>What becomes of volumes whose claim is deleted; phases and messages as a real kube-controller-manager had them.</summary>
public sealed class ReclaimTests
{
    [Theory]
    [InlineData("Retain", "nfs: {server: x, path: /x}", "Released", null, null)]
    [InlineData("Delete", "nfs: {server: x, path: /x}", "Failed", "error getting deleter volume plugin for volume \"v\": no deletable volume plugin matched", "VolumeFailedDelete")]
    [InlineData("Delete", "hostPath: {path: /data/v}", "Failed", "host_path deleter only supports /tmp/.+ but received provided /data/v", "VolumeFailedDelete")]
    [InlineData("Delete", "hostPath: {path: /tmp/v}", null, null, null)]
    [InlineData("Recycle", "csi: {driver: x, volumeHandle: h}", "Failed", "No recycler plugin found for the volume!", "VolumeFailedRecycle")]
    [InlineData("Recycle", "nfs: {server: x, path: /x}", "Available", null, "VolumeRecycled")]
    public async Task A_volume_is_reclaimed_as_its_policy_says(string policy, string source, string? phase, string? message, string? reason)
    {
        await using RunningCluster cluster = await RunningCluster.StartAsync();
        await cluster.CreateAsync($$"""
            apiVersion: v1
            kind: PersistentVolume
            metadata: {name: v}
            spec:
              capacity: {storage: 1Gi}
              accessModes: [ReadWriteOnce]
              persistentVolumeReclaimPolicy: {{policy}}
              {{source}}
            ---
            apiVersion: v1
            kind: PersistentVolumeClaim
            metadata: {name: c}
            spec:
              accessModes: [ReadWriteOnce]
              storageClassName: ''
              volumeName: v
              resources: {requests: {storage: 1Gi} }
            """);
        await cluster.WaitAsync("v1", "PersistentVolumeClaim", "c", claim => claim.Status().Text("phase") == "Bound");
        await cluster.DeleteAsync("v1", "PersistentVolumeClaim", "c");
        if (phase is null)
        {
            await cluster.WaitGoneAsync("v1", "PersistentVolume", "v", string.Empty);
            return;
        }

        MapNode volume = await cluster.WaitAsync("v1", "PersistentVolume", "v", volume => volume.Status().Text("phase") == phase, string.Empty);
        Assert.Equal(message, volume.Status()["message"]?.AsString());
        Assert.Equal(phase == "Available", volume.Spec()["claimRef"] is null);
        for (int i = 0; reason is not null && !(await cluster.ListAsync("v1", "Event")).Any(item => item.Text("reason") == reason && item.Text("message") == (message ?? "Volume recycled")); i++)
        {
            Assert.True(i < 200, $"no event {reason}");
            await Task.Delay(20);
        }
    }
}
