using System.Security.Cryptography;
using System.Text;
using Bowline.Cluster.Requests;
using Bowline.Resources.Model;

namespace Bowline.Delivery.Inventories;

/// <summary>Keeps inventories in the cluster they describe, one ConfigMap an application.</summary>
public sealed class InventoryStore(ICluster cluster)
{
    /// <summary>Where Bowline keeps its own objects in a cluster.</summary>
    public const string Namespace = "bowline-system";

    private const int Attempts = 5;
    private const string Prefix = "inventory-";
    private const string OwnerAnnotation = "bowline.dev/application";
    private const int LongestName = 253;
    private const int HashLength = 12;
    private const string Label = "app.kubernetes.io/managed-by";
    private static readonly KindInfo Namespaces = new(new ResourceKind(string.Empty, "v1", "Namespace"), "namespaces", Namespaced: false);
    private static readonly KindInfo ConfigMaps = new(new ResourceKind(string.Empty, "v1", "ConfigMap"), "configmaps", Namespaced: true);
    private static readonly KindInfo Secrets = new(new ResourceKind(string.Empty, "v1", "Secret"), "secrets", Namespaced: true);
    private static readonly WriteOptions Write = new() { FieldManager = "bowline", Force = true };

    private readonly Lock gate = new();
    private Task? home;

    /// <summary>Where they are.</summary>
    public ICluster Cluster => cluster;

    /// <summary>The object that holds an application's inventory.</summary>
    public static ResourceId IdOf(string owner) => KeyOf(owner).Id;

    public async Task<Inventory> ReadAsync(string owner, CancellationToken cancellationToken) =>
        InventoryText.Read(await cluster.GetAsync(KeyOf(owner), cancellationToken).ConfigureAwait(false));

    /// <summary>The inventory in a stored object; an empty one when there is none.</summary>
    public static Inventory Read(MapNode? stored) => InventoryText.Read(stored);

    /// <summary>What somebody asks for in a stored object, without reading the rest of it.</summary>
    public static OperatorRequest? RequestIn(MapNode stored) => InventoryText.ReadRequest(stored);

    /// <summary>Whether writing the one over the other would change nothing.</summary>
    public static bool IsSame(Inventory before, Inventory after) =>
        ReferenceEquals(before, after) || (before.Entries.Count == after.Entries.Count && InventoryText.Write(before).DeepEquals(InventoryText.Write(after)));

    /// <returns>The stored object.</returns>
    public Task<MapNode> WriteAsync(string owner, Inventory inventory, CancellationToken cancellationToken) => ApplyAsync(owner, inventory, string.Empty, cancellationToken);

    /// <summary>
    /// Writes over a record that is still as it was read. One that was changed since is only written by whose it is: whoever takes it over
    /// must have seen all that the former holder wrote.
    /// </summary>
    /// <param name="held">The record as it is known now; null when there is none.</param>
    /// <param name="standing">The claim in the record that the inventory was made from.</param>
    /// <exception cref="ClusterException">Another replica took the record over (reason <c>TakenOver</c>), or it has to be read again (Conflict).</exception>
    public async Task<MapNode> WriteClaimedAsync(string owner, Inventory inventory, MapNode? held, RecordClaim? standing, CancellationToken cancellationToken)
    {
        for (int attempt = 1; ; attempt++)
        {
            if (Read(held).Claim is var now && now != standing)
            {
                throw new ClusterException($"{now?.Holder ?? "somebody"} has taken over application {owner}", reason: "TakenOver");
            }

            try
            {
                MapNode present = held ?? await CreateAsync(owner, cancellationToken).ConfigureAwait(false);
                return await ApplyAsync(owner, inventory, VersionOf(present), cancellationToken).ConfigureAwait(false);
            }
            catch (ClusterException raced) when (raced.IsConflict && attempt < Attempts && inventory.Claim == standing)
            {
                // A request that somebody left in it changes it, too.
                held = await cluster.GetAsync(KeyOf(owner), cancellationToken).ConfigureAwait(false);
            }
        }
    }

    /// <summary>Makes the object, empty: only of an object that is there can a write say what it expects.</summary>
    private async Task<MapNode> CreateAsync(string owner, CancellationToken cancellationToken)
    {
        await HomeAsync(missing: false).WaitAsync(cancellationToken).ConfigureAwait(false);
        return await cluster.CreateAsync(ConfigMaps, Namespace, Body(owner), new WriteOptions { FieldManager = "bowline-record" }, cancellationToken).ConfigureAwait(false);
    }

    private async Task<MapNode> ApplyAsync(string owner, Inventory inventory, string version, CancellationToken cancellationToken)
    {
        MapNode body = Body(owner);
        body["data"] = InventoryText.Write(inventory);
        if (version.Length > 0)
        {
            body.EnsureMap("metadata")["resourceVersion"] = version;
        }

        await HomeAsync(missing: false).WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            return await cluster.ApplyAsync(KeyOf(owner), body, Write, cancellationToken).ConfigureAwait(false);
        }
        catch (ClusterException gone) when (gone.IsNotFound && version.Length == 0)
        {
            await HomeAsync(missing: true).WaitAsync(cancellationToken).ConfigureAwait(false);
            return await cluster.ApplyAsync(KeyOf(owner), body, Write, cancellationToken).ConfigureAwait(false);
        }
    }

    private static MapNode Body(string owner) => Named(owner, new MapNode
    {
        ["apiVersion"] = "v1",
        ["kind"] = "ConfigMap",
        ["metadata"] = new MapNode
        {
            ["name"] = NameOf(owner),
            ["namespace"] = Namespace,
            ["labels"] = new MapNode { [Label] = "bowline" },
        },
    });

    /// <summary>Says whose record it is, where its name does not.</summary>
    private static MapNode Named(string owner, MapNode body)
    {
        if (NameOf(owner) != Prefix + owner)
        {
            body.EnsureMap("metadata").EnsureMap("annotations")[OwnerAnnotation] = owner;
        }

        return body;
    }

    /// <summary>The name of an owner's record. One that is too long for that, or of another namespace, has its hash in it.</summary>
    private static string NameOf(string owner)
    {
        string name = Prefix + owner;
        if (name.Length <= LongestName && !name.Contains('_', StringComparison.Ordinal))
        {
            return name;
        }

        string hash = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(owner)))[..HashLength];
        return $"{name[..Math.Min(name.Length, LongestName - HashLength - 1)].Replace('_', '.').TrimEnd('.', '-')}-{hash}";
    }

    private static string VersionOf(MapNode stored) => stored.At("metadata", "resourceVersion")?.AsString() ?? string.Empty;

    /// <summary>Sees to it that the namespace is there: asked for once, whoever writes first, and made where it is missing.</summary>
    /// <param name="missing">It was there, and somebody has deleted it.</param>
    private Task HomeAsync(bool missing)
    {
        lock (gate)
        {
            return home = home is null or { IsFaulted: true } || (missing && home.IsCompleted) ? MakeHomeAsync() : home;
        }
    }

    private async Task MakeHomeAsync()
    {
        ObjectKey key = new(Namespaces, string.Empty, Namespace);
        try
        {
            if (await cluster.GetAsync(key, CancellationToken.None).ConfigureAwait(false) is null)
            {
                MapNode body = new() { ["apiVersion"] = "v1", ["kind"] = "Namespace", ["metadata"] = new MapNode { ["name"] = Namespace } };
                await cluster.ApplyAsync(key, body, Write, CancellationToken.None).ConfigureAwait(false);
            }
        }
        catch (ClusterException refused) when (refused.Status == 403)
        {
            // Whoever may deliver to some namespaces only cannot look at this one; if it is missing, the write of the record says so.
        }
    }

    /// <summary>Leaves a request for whoever delivers the application.</summary>
    /// <exception cref="ClusterException">Nothing was ever delivered under that name, or the cluster refuses.</exception>
    public Task AskAsync(string owner, OperatorRequest request, CancellationToken cancellationToken) =>
        AnnotateAsync(owner, InventoryText.Write(request), cancellationToken);

    /// <summary>Takes the request away, now that it is taken up.</summary>
    /// <returns>The stored object.</returns>
    public Task<MapNode> TakeUpAsync(string owner, CancellationToken cancellationToken) => AnnotateAsync(owner, Node.Null, cancellationToken);

    public async Task DeleteAsync(string owner, CancellationToken cancellationToken)
    {
        await cluster.DeleteAsync(SecretKeyOf(owner), DeleteOptions.Background, cancellationToken).ConfigureAwait(false);
        await cluster.DeleteAsync(KeyOf(owner), DeleteOptions.Background, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Keeps hooks that are Secrets themselves, in a Secret beside the inventory; none takes it away.</summary>
    public async Task WriteSecretHooksAsync(string owner, IReadOnlyList<MapNode> hooks, CancellationToken cancellationToken)
    {
        if (hooks.Count == 0)
        {
            await cluster.DeleteAsync(SecretKeyOf(owner), DeleteOptions.Background, cancellationToken).ConfigureAwait(false);
            return;
        }

        MapNode body = new()
        {
            ["apiVersion"] = "v1",
            ["kind"] = "Secret",
            ["metadata"] = new MapNode { ["name"] = NameOf(owner), ["namespace"] = Namespace, ["labels"] = new MapNode { [Label] = "bowline" } },
            ["type"] = "Opaque",
            ["data"] = InventoryText.WriteHooks(hooks),
        };
        await HomeAsync(missing: false).WaitAsync(cancellationToken).ConfigureAwait(false);
        await cluster.ApplyAsync(SecretKeyOf(owner), body, Write, cancellationToken).ConfigureAwait(false);
    }

    public async Task<IReadOnlyList<MapNode>> ReadSecretHooksAsync(string owner, CancellationToken cancellationToken) =>
        InventoryText.ReadHooks(await cluster.GetAsync(SecretKeyOf(owner), cancellationToken).ConfigureAwait(false));

    /// <summary>Applications of one repository whose inventory is among these objects of <see cref="Namespace"/>.</summary>
    public static IReadOnlyList<string> OwnersIn(IEnumerable<MapNode> objects, string home) => [.. objects
        .Where(item => item.At("metadata", "labels", Label)?.AsString() == "bowline" && (item.At("data", "home")?.AsString() ?? string.Empty) == home)
        .Where(item => item.At("metadata", "name")?.AsString()?.StartsWith(Prefix, StringComparison.Ordinal) == true)
        .Select(item => item.At("metadata", "annotations", OwnerAnnotation)?.AsString() ?? item.At("metadata", "name")!.AsString()![Prefix.Length..])];

    private Task<MapNode> AnnotateAsync(string owner, Node value, CancellationToken cancellationToken)
    {
        MapNode patch = new() { ["metadata"] = new MapNode { ["annotations"] = new MapNode { [InventoryText.RequestAnnotation] = value } } };
        return cluster.PatchAsync(KeyOf(owner), PatchKind.Merge, patch, new WriteOptions { FieldManager = "bowline-request" }, cancellationToken);
    }

    private static ObjectKey SecretKeyOf(string owner) => new(Secrets, Namespace, NameOf(owner));

    private static ObjectKey KeyOf(string owner) => new(ConfigMaps, Namespace, NameOf(owner));
}
