using System.Text;
using Bowline.Cluster.Requests;
using Bowline.Resources.Model;

namespace Bowline.Delivery.Desired;

/// <summary>Turns rendered resources into objects as the API server will hold them. Pure, given what the cluster serves.</summary>
public static class Preparation
{
    /// <param name="findKind">What the cluster serves; null for a kind it does not know.</param>
    /// <param name="isNamespaced">Scope of kinds that the cluster does not serve yet, since their CRD is part of the delivery.</param>
    public static IReadOnlyList<DesiredObject> Prepare(DesiredState state, Func<ResourceKind, KindInfo?> findKind, Func<ResourceKind, bool> isNamespaced)
    {
        Dictionary<ResourceId, int> index = [];
        ObjectOptions options = ObjectOptions.Read(state.SyncOptions, ObjectOptions.Default with { As = state.As });
        List<DesiredObject> prepared = [];
        foreach (Resource resource in state.Resources)
        {
            KindInfo? kind = findKind(resource.Kind);
            bool namespaced = kind?.Namespaced ?? isNamespaced(resource.Kind);
            DesiredObject made = PrepareOne(resource, kind, namespaced, state, options);

            // The same object twice: the last one wins, as with Argo CD's RepeatedResourceWarning.
            if (index.TryGetValue(made.Id, out int at) && made.Id.Name.Length > 0)
            {
                prepared[at] = made with { Times = prepared[at].Times + 1 };
                continue;
            }

            index[made.Id] = prepared.Count;
            prepared.Add(made);
        }

        ResourceId home = new(string.Empty, "Namespace", string.Empty, state.Namespace);
        if (state is { CreateNamespace: true, Namespace.Length: > 0 } && !index.ContainsKey(home))
        {
            prepared.Insert(0, MakeNamespace(home, state, findKind));
        }

        return prepared;
    }

    private static DesiredObject PrepareOne(Resource resource, KindInfo? kind, bool namespaced, DesiredState state, ObjectOptions options)
    {
        MapNode body = Copy(resource.Node);
        MapNode metadata = body.EnsureMap("metadata");
        string @namespace = string.Empty;
        if (namespaced)
        {
            @namespace = resource.Namespace.Length > 0 ? resource.Namespace : state.Namespace;
            metadata["namespace"] = @namespace;
        }
        else
        {
            metadata.Remove("namespace");
        }

        ResourceKind type = resource.Kind;
        ResourceId id = new(type.Group, type.Kind, @namespace, resource.Name);
        Normalise(body, metadata, type, kind);
        state.Tracking.Mark(metadata, state.Owner, id);
        body.Freeze();
        return new DesiredObject(id, body, resource.Origin) { Kind = kind, Options = ObjectOptions.Read(resource.Annotation(ObjectOptions.Annotation), options).For(type) };
    }

    /// <summary>A copy whose metadata may be changed; all else is frozen and shared with what was rendered, of which there may be much.</summary>
    private static MapNode Copy(MapNode rendered)
    {
        MapNode copy = new(rendered.Count) { Line = rendered.Line };
        foreach ((string key, Node value) in rendered)
        {
            copy.Add(key, key == "metadata" ? value.DeepClone() : value.Freeze());
        }

        return copy;
    }

    /// <summary>Takes out what the server would move or drop, so that it never shows as a difference.</summary>
    private static void Normalise(MapNode body, MapNode metadata, ResourceKind type, KindInfo? kind)
    {
        if (metadata["creationTimestamp"] is { IsNull: true })
        {
            metadata.Remove("creationTimestamp");
        }

        if (kind is not null && kind.Subresources.Contains("status"))
        {
            body.Remove("status");
        }

        if (type is { Group: "", Kind: "Secret" } && body["stringData"] is MapNode texts)
        {
            MapNode data = (MapNode?)(body["data"] as MapNode)?.DeepClone() ?? [];
            body["data"] = data;
            foreach ((string key, Node value) in texts)
            {
                data[key] = Convert.ToBase64String(Encoding.UTF8.GetBytes(value.AsString() ?? string.Empty));
            }

            body.Remove("stringData");
        }
    }

    private static DesiredObject MakeNamespace(ResourceId id, DesiredState state, Func<ResourceKind, KindInfo?> findKind)
    {
        MapNode body = new()
        {
            ["apiVersion"] = "v1",
            ["kind"] = "Namespace",
            ["metadata"] = new MapNode { ["name"] = id.Name },
        };
        foreach (string part in (string[])["labels", "annotations"])
        {
            if (state.NamespaceMetadata?[part] is MapNode { Count: > 0 } pairs)
            {
                body.EnsureMap("metadata")[part] = pairs.DeepClone();
            }
        }

        body.Freeze();
        return new DesiredObject(id, body, Origin.Unknown) 
        {
            Kind = findKind(new ResourceKind(string.Empty, "v1", "Namespace")),
            Options = ObjectOptions.Default with { As = state.As },
            Untracked = true,
        };
    }
}
