using Bowline.Applications.Reconciling;
using Bowline.Cluster.Requests;
using Bowline.Delivery.Health;
using Bowline.Languages.Lua;
using Bowline.Resources.Model;
using Bowline.Resources.Patching;
using Bowline.Server.Composition.Up;

namespace Bowline.Server.Composition.Verbs;

/// <summary>
/// What one can do to an object of an application: the actions of argocd-cm, and for kinds that it says nothing of those that Bowline
/// brings. They are carried out with the rights of whoever asks.
/// </summary>
public sealed class ActionSession(UpOptions options, TimeProvider time)
{
    private static readonly WriteOptions Writing = new() { FieldManager = "bowline-action" };

    /// <exception cref="UsageException">There is no such object, or it is not in the cluster.</exception>
    public Task<IReadOnlyList<ResourceAction>> ListAsync(string application, string resource, CancellationToken cancellationToken) =>
        WithAsync(application, resource, (target, live, _) => Task.FromResult(Guard(() => ScriptsFor(target, live).Actions(live))), cancellationToken);

    /// <returns>What was done, a sentence for each object.</returns>
    /// <exception cref="UsageException">There is no such object or action, or the action is not possible now.</exception>
    public Task<IReadOnlyList<string>> RunAsync(string application, string resource, string action, MapNode parameters, CancellationToken cancellationToken) =>
        WithAsync(application, resource, async (target, live, token) =>
        {
            ResourceCustomizations scripts = ScriptsFor(target, live);
            IReadOnlyList<ResourceAction> offered = Guard(() => scripts.Actions(live));
            if (offered.FirstOrDefault(known => known.Name == action) is not { Disabled: false })
            {
                string names = string.Join(", ", offered.Where(known => !known.Disabled).Select(known => known.Name));
                throw new UsageException($"{new Resource(live).Id} has no action {action} {(offered.Any(known => known.Name == action) ? "as it stands now" : "at all")}; {(names.Length > 0 ? $"it has: {names}" : "it has none")}");
            }

            List<string> done = [];
            foreach (ActionEffect effect in Guard(() => scripts.RunAction(action, live, parameters)))
            {
                done.Add(await ApplyAsync(target.Cluster, live, effect, token).ConfigureAwait(false));
            }

            return (IReadOnlyList<string>)done;
        }, cancellationToken);

    private async Task<T> WithAsync<T>(string application, string resource, Func<DeliveryTarget, MapNode, CancellationToken, Task<T>> use, CancellationToken cancellationToken) =>
        await new DiffSession(options, time).CompareAsync(application, async (report, targetOf, token) =>
        {
            if (report.Faults.FirstOrDefault() is { } fault)
            {
                throw new UsageException($"{application} cannot be rendered: {fault.Message}");
            }

            ApplicationDiff diff = report.Applications[0];
            DeliveryTarget target = targetOf(diff.Cluster);
            ResourceId id = diff.Find(resource);
            return await use(target, target.Live.Get(id) ?? throw new UsageException($"{id} is not in cluster {diff.Cluster} ({report.Against})"), token).ConfigureAwait(false);
        }, cancellationToken).ConfigureAwait(false);

    private ResourceCustomizations ScriptsFor(DeliveryTarget target, MapNode live) =>
        target.Scripts.Current.HasActions(live) ? target.Scripts.Current : ResourceCustomizations.BuiltIn(time);

    private static async Task<string> ApplyAsync(ICluster cluster, MapNode live, ActionEffect effect, CancellationToken cancellationToken)
    {
        Resource resource = new(effect.Resource);
        KindInfo kind = await cluster.FindKindAsync(resource.Kind, cancellationToken).ConfigureAwait(false)
            ?? throw new UsageException($"the action makes a {resource.Kind}, which the cluster does not serve");
        if (effect.Operation == "create")
        {
            MapNode created = await cluster.CreateAsync(kind, resource.Id.Namespace, effect.Resource, Writing, cancellationToken).ConfigureAwait(false);
            return $"{new Resource(created).Id} created";
        }

        // A script may only change the object that it was asked of.
        if (effect.Operation != "patch" || resource.Id != new Resource(live).Id)
        {
            throw new UsageException($"the action wants to {effect.Operation} {resource.Id}; it may create objects and patch its own");
        }

        MapNode patch = MergePatch.Between(live, effect.Resource);
        if (patch.Count == 0)
        {
            return $"{resource.Id} unchanged";
        }

        // Where the status is a resource of its own, a patch of the object leaves it as it is.
        ObjectKey key = new(kind, resource.Id.Namespace, resource.Id.Name);
        if (patch["status"] is { } status && kind.Subresources.Contains("status"))
        {
            patch.Remove("status");
            await cluster.PatchAsync(key with { Subresource = "status" }, PatchKind.Merge, new MapNode { ["status"] = status }, Writing, cancellationToken).ConfigureAwait(false);
        }

        if (patch.Count > 0)
        {
            await cluster.PatchAsync(key, PatchKind.Merge, patch, Writing, cancellationToken).ConfigureAwait(false);
        }

        return $"{resource.Id} patched";
    }

    private static T Guard<T>(Func<T> script)
    {
        try
        {
            return script();
        }
        catch (LuaException broken)
        {
            throw new UsageException($"the script of the action fails: {broken.Message}");
        }
    }
}
