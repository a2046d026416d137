using Bowline.EmbeddedCluster.Admission;
using Bowline.EmbeddedCluster.Kinds;
using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.ApiServer;

internal sealed partial class ResourceService
{
    private const string Binding = "binding";
    private static readonly ResourceKind Scale = new("autoscaling", "v1", "Scale");

    /// <summary>Admission of a POST to a subresource whose body is an object of its own: a Binding, an Eviction, a TokenRequest.</summary>
    public async Task<MapNode> AdmitActionAsync(ServedKind kind, string @namespace, string name, string subresource, MapNode body, WriteContext context)
    {
        AdmissionRequest request = Request("CREATE", kind, @namespace, body, null, subresource, context) with { Name = name, View = kind.Subresource(subresource)?.Kind };
        MapNode admitted = await Admission.MutateAsync(request, context.Cancellation).ConfigureAwait(false);
        using IDisposable? held = await Admission.ValidateAsync(request with { Object = admitted }, context.Cancellation).ConfigureAwait(false);
        return admitted;
    }

    /// <summary>Admission of a connection to a subresource: exec, attach, portforward, proxy.</summary>
    /// <param name="options">What is asked of the connection, as its own kind: PodExecOptions and its like.</param>
    public async Task AdmitConnectionAsync(ServedKind kind, string @namespace, string name, ServedSubresource subresource, MapNode options, WriteContext context)
    {
        AdmissionRequest request = new("CONNECT", kind, @namespace, name, options, null, subresource.Name, context.User, context.Warn) { View = subresource.Kind, Annotate = context.Annotate };
        MapNode admitted = await Admission.MutateAsync(request, context.Cancellation).ConfigureAwait(false);
        using IDisposable? held = await Admission.ValidateAsync(request with { Object = admitted }, context.Cancellation).ConfigureAwait(false);
    }

    private static AdmissionRequest Request(string operation, ServedKind kind, string @namespace, MapNode node, MapNode? old, string subresource, WriteContext context) =>
        new(operation, kind, @namespace, ObjectMeta.Name(node), node, old, subresource, context.User, context.Warn)
        {
            DryRun = context.DryRun,
            Options = context.OptionsFor(operation),
            Annotate = context.Annotate,
        };

    /// <summary>A change of scale is shown to admission as the Scale that the client sees.</summary>
    private static AdmissionRequest ChangeRequest(ServedKind kind, string @namespace, MapNode live, MapNode next, string subresource, WriteContext context)
    {
        AdmissionRequest request = Request("UPDATE", kind, @namespace, next, live, subresource, context);
        return subresource == "scale" ? request with { Object = ScaleView.Of(kind, next), Old = ScaleView.Of(kind, live), View = Scale } : request;
    }

    private async Task<MapNode> MutateChangeAsync(AdmissionRequest request, ServedKind kind, MapNode live, MapNode next, WriteContext context)
    {
        if (request.Subresource == Binding)
        {
            // The Binding was admitted as what it is; the pod is only its consequence.
            return next;
        }

        MapNode admitted = await Admission.MutateAsync(request, context.Cancellation).ConfigureAwait(false);
        if (ReferenceEquals(admitted, request.Object))
        {
            return next;
        }

        if (request.View is not null)
        {
            return ScaleView.Scaled(kind, next, admitted.At("spec", "replicas")?.AsInteger() ?? 0, admitted);
        }

        // What a webhook made is held to the same bounds as what the client sent.
        ObjectMeta.SettleNamespace(kind, admitted, request.Namespace);
        ObjectMeta.KeepSystemFields(admitted, live);
        Isolate(kind, live, admitted, request.Subresource);
        return admitted;
    }

    /// <summary>An object that passed admission.</summary>
    /// <param name="Held">What admission holds for it until it is stored.</param>
    private readonly record struct Admitted(MapNode Node, IDisposable? Held);
}
