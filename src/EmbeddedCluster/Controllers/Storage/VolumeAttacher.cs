using Bowline.Cluster.Requests;
using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.Controllers.Storage;

/// <summary>
/// kube-controller-manager's attach/detach controller, with the attachers of the CSI drivers, which are simulated: a volume is attached to the nodes of the
/// pods that use it, and to one only when its access modes say so.
/// </summary>
/// <remarks>Keys are volumes.</remarks>
internal sealed class VolumeAttacher(ControlPlane plane) : Reconciler(plane)
{
    private const string Component = "attachdetach-controller";
    private const string OutOfService = "node.kubernetes.io/out-of-service";

    // From a node that says nothing a volume is taken after this long (maxWaitForUnmountDuration).
    private static readonly TimeSpan LongestUnmount = TimeSpan.FromMinutes(6);
    private readonly AttachableVolumes attachable = new(plane);
    private readonly KindMirror pods = plane.Mirror(string.Empty, "Pod");
    private readonly KindMirror nodes = plane.Mirror(string.Empty, "Node");
    private readonly KindMirror claims = plane.Mirror(string.Empty, "PersistentVolumeClaim");
    private readonly KindMirror volumes = plane.Mirror(string.Empty, "PersistentVolume");
    private readonly KindMirror attachments = plane.Mirror("storage.k8s.io", "VolumeAttachment");
    private readonly Dictionary<string, DateTimeOffset> unusedSince = new(StringComparer.Ordinal);
    private readonly HashSet<(string Volume, string Pod)> told = [];

    public override string Name => Component;

    public override void Subscribe()
    {
        Watch(pods, change =>
        {
            foreach (string claim in ClaimProtection.ClaimsOf(change.Any))
            {
                Add(claims.Get(change.Any.Namespace(), claim)?.Spec().Text("volumeName"));
            }
        });
        Watch(claims, change => Add(change.Any.Spec().Text("volumeName")));
        WatchOwn(volumes);
        Watch(attachments, change => Add(VolumeOf(change.Any)));
        Watch(nodes, change =>
        {
            if (change.New is null || change.Old is null || IsSilent(change.Old) != IsSilent(change.New))
            {
                foreach (MapNode attachment in attachments.All().Where(attachment => attachment.Spec().Text("nodeName") == change.Any.Name()))
                {
                    Add(VolumeOf(attachment));
                }
            }
        });
    }

    public override async Task<TimeSpan?> ReconcileAsync(ObjectName key, CancellationToken cancellationToken)
    {
        MapNode? volume = volumes.Get(key);
        if (volume is null)
        {
            told.RemoveWhere(refusal => refusal.Volume == key.Name);
        }

        ILookup<string, MapNode> users = UsersOf(volume).ToLookup(pod => pod.Spec().Text("nodeName"), StringComparer.Ordinal);
        List<MapNode> made = [.. attachments.All().Where(attachment => VolumeOf(attachment) == key.Name)];
        TimeSpan? again = null;
        foreach (MapNode attachment in made.Where(attachment => !users.Contains(attachment.Spec().Text("nodeName"))).ToList())
        {
            TimeSpan left = Patience(attachment);
            if (left > TimeSpan.Zero)
            {
                again = left;
                continue;
            }

            made.Remove(attachment);
            await DetachAsync(volume, attachment, cancellationToken).ConfigureAwait(false);
        }

        foreach (IGrouping<string, MapNode> user in users)
        {
            if (made.Exists(attachment => attachment.Spec().Text("nodeName") != user.Key) && AttachableVolumes.IsExclusive(volume!))
            {
                Refuse(volume!, user, users);
            }
            else
            {
                made.Add(await AttachAsync(volume!, user.Key, user, cancellationToken).ConfigureAwait(false));
            }
        }

        return again;
    }

    private void Add(string? volume)
    {
        if (!string.IsNullOrEmpty(volume))
        {
            Queue.Add(new ObjectName(string.Empty, volume));
        }
    }

    private static string VolumeOf(MapNode attachment) => (attachment.Spec()["source"] as MapNode).Text("persistentVolumeName");

    // Pods that end use their volumes until they are gone; the oldest come first, and keep what they have.
    private IEnumerable<MapNode> UsersOf(MapNode? volume) => volume?.Spec()["claimRef"] is not MapNode claim || !attachable.IsAttachable(volume) ? []
        : pods.InNamespace(claim.Text("namespace"))
            .Where(pod => pod.Spec().Text("nodeName").Length > 0 && pod.Status().Text("phase") is not ("Succeeded" or "Failed") && ClaimProtection.ClaimsOf(pod).Contains(claim.Text("name")))
            .OrderBy(pod => pod.CreatedAt()).ThenBy(pod => pod.Name(), StringComparer.Ordinal);

    private TimeSpan Patience(MapNode attachment)
    {
        if (nodes.Get(string.Empty, attachment.Spec().Text("nodeName")) is not { } node || !IsSilent(node))
        {
            unusedSince.Remove(attachment.Uid());
            return TimeSpan.Zero;
        }

        unusedSince.TryAdd(attachment.Uid(), Plane.Now);
        return unusedSince[attachment.Uid()] + LongestUnmount - Plane.Now;
    }

    private static bool IsSilent(MapNode node) => !node.Status().ConditionIs("Ready", "True") && !node.Spec()["taints"].Maps().Any(taint => taint.Text("key") == OutOfService);

    private async Task DetachAsync(MapNode? volume, MapNode attachment, CancellationToken cancellationToken)
    {
        unusedSince.Remove(attachment.Uid());
        await Plane.Writer.DeleteAsync(attachments, attachment, DeleteOptions.Background, cancellationToken).ConfigureAwait(false);
        if (volume is not null)
        {
            await NoteAsync(volume, attachment.Spec().Text("nodeName"), isThere: false, cancellationToken).ConfigureAwait(false);
        }
    }

    private async Task<MapNode> AttachAsync(MapNode volume, string node, IEnumerable<MapNode> users, CancellationToken cancellationToken)
    {
        MapNode wanted = new()
        {
            ["apiVersion"] = "storage.k8s.io/v1",
            ["kind"] = "VolumeAttachment",
            ["metadata"] = new MapNode { ["name"] = AttachableVolumes.NameOf(volume, node) },
            ["spec"] = new MapNode
            {
                ["attacher"] = volume.Spec()["csi"]!["driver"]!,
                ["nodeName"] = node,
                ["source"] = new MapNode { ["persistentVolumeName"] = volume.Name() },
            },
        };
        MapNode attachment = await Plane.Writer.EnsureAsync(attachments, string.Empty, wanted, cancellationToken).ConfigureAwait(false);
        await NoteAsync(volume, node, isThere: true, cancellationToken).ConfigureAwait(false);
        if (attachment.Status().Flag("attached"))
        {
            return attachment;
        }

        foreach (MapNode pod in users)
        {
            told.Remove((volume.Name(), pod.Uid()));
            Plane.Events.Normal(pod, Component, "SuccessfulAttachVolume", $"AttachVolume.Attach succeeded for volume \"{volume.Name()}\" ");
        }

        return await Plane.Writer.SetStatusAsync(attachments, attachment, new MapNode { ["attached"] = true }, cancellationToken).ConfigureAwait(false);
    }

    // In reportMultiAttachError's words; claims and their pods are of one namespace. Said once, until it comes to pass.
    private void Refuse(MapNode volume, IGrouping<string, MapNode> here, ILookup<string, MapNode> users)
    {
        List<string> others = [.. users.Where(user => user.Key != here.Key).SelectMany(user => user).Select(pod => pod.Name())];
        string why = others.Count == 0 ? "Volume is already exclusively attached to one node and can't be attached to another" : $"Volume is already used by pod(s) {string.Join(", ", others)}";
        foreach (MapNode pod in here.Where(pod => told.Add((volume.Name(), pod.Uid()))))
        {
            Plane.Events.Warning(pod, Component, "FailedAttachVolume", $"Multi-Attach error for volume \"{volume.Name()}\" {why}");
        }
    }

    // What the node's status says: attached is this controller's to tell, in use the kubelet's, which is simulated.
    private async Task NoteAsync(MapNode volume, string node, bool isThere, CancellationToken cancellationToken)
    {
        string name = AttachableVolumes.UniqueNameOf(volume);
        if (nodes.Get(string.Empty, node) is not { } live || live.Status()["volumesAttached"].Maps().Any(known => known.Text("name") == name) == isThere)
        {
            return;
        }

        MapNode status = live.Status().Clone();
        List<string> names = [.. status["volumesAttached"].Maps().Select(known => known.Text("name")).Where(known => known != name)];
        if (isThere)
        {
            names.Add(name);
        }

        status.Remove("volumesAttached");
        status.Remove("volumesInUse");
        if (names.Count > 0)
        {
            status["volumesAttached"] = new ListNode(names.Select(known => (Node)new MapNode { ["name"] = known, ["devicePath"] = string.Empty }));
            status["volumesInUse"] = new ListNode(names.Select(known => (Node)known));
        }

        await Plane.Writer.SetStatusAsync(nodes, live, status, cancellationToken).ConfigureAwait(false);
    }
}
