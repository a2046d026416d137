using System.Text.Json;
using Bowline.EmbeddedCluster.Kinds;
using Bowline.EmbeddedCluster.Storage;
using Bowline.EmbeddedCluster.Validation;
using Bowline.Resources.Json;
using Bowline.Resources.Model;
using Bowline.Resources.Patching;

namespace Bowline.EmbeddedCluster.Admission.Webhooks;

/// <summary>Mutating webhooks one after the other, validating ones side by side.</summary>
internal sealed class WebhookChain(ObjectStore store, WebhookMatching matching, WebhookSettings settings) : IDisposable
{
    private readonly WebhookSource mutating = new(store, "mutatingwebhookconfigurations.admissionregistration.k8s.io");
    private readonly WebhookSource validating = new(store, "validatingwebhookconfigurations.admissionregistration.k8s.io");
    private readonly WebhookResolver resolver = new(store, settings);
    private readonly WebhookClient client = new(settings);

    /// <summary>One round of the mutating webhooks; the answer is the request with what they made of its object.</summary>
    public async ValueTask<AdmissionRequest> MutateAsync(AdmissionRequest request, MutatingRun run, CancellationToken cancellationToken)
    {
        IReadOnlyList<Webhook> hooks = mutating.Current;
        if (hooks.Count == 0 || WebhookMatching.IsExempt(request))
        {
            return request;
        }

        run.Begin(request.Object);
        return await RoundAsync(hooks, request, run, cancellationToken).ConfigureAwait(false);
    }

    public async ValueTask ValidateAsync(AdmissionRequest request, CancellationToken cancellationToken)
    {
        IReadOnlyList<Webhook> hooks = validating.Current;
        if (hooks.Count == 0 || WebhookMatching.IsExempt(request))
        {
            return;
        }

        List<Task<ApiException?>> calls = [];
        foreach (Webhook hook in hooks)
        {
            if (matching.WantedKind(hook, request) is { } kind)
            {
                calls.Add(ValidateAsync(hook, kind, request, cancellationToken));
            }
        }

        ApiException?[] refusals = await Task.WhenAll(calls).ConfigureAwait(false);
        if (Array.Find(refusals, refusal => refusal is not null) is { } first)
        {
            throw first;
        }
    }

    public void Dispose() => client.Dispose();

    private async Task<AdmissionRequest> RoundAsync(IReadOnlyList<Webhook> hooks, AdmissionRequest request, MutatingRun run, CancellationToken cancellationToken)
    {
        for (int i = 0; i < hooks.Count; i++)
        {
            Webhook hook = hooks[i];
            if (matching.WantedKind(hook, request) is not { } kind || !run.Calls(hook))
            {
                continue;
            }

            MapNode next = await MutateAsync(hook, kind, request, $"round_{run.Round}_index_{i}", cancellationToken).ConfigureAwait(false);
            run.Called(hook, changed: !ReferenceEquals(next, request.Object));
            request = request with { Object = next };
        }

        return request;
    }

    private async Task<MapNode> MutateAsync(Webhook hook, ServedKind kind, AdmissionRequest request, string place, CancellationToken cancellationToken)
    {
        AdmissionRequest asked = matching.InVersion(request, kind);
        try
        {
            WebhookVerdict? verdict = await AskAsync(hook, asked, request, mutates: true, cancellationToken).ConfigureAwait(false);
            MapNode next = verdict?.Patch is { } patch ? Patched(hook, asked, request, patch) : request.Object;
            bool changed = !ReferenceEquals(next, request.Object);
            request.Annotate($"mutation.webhook.admission.k8s.io/{place}", $"{{\"configuration\":\"{hook.Configuration}\",\"webhook\":\"{hook.Name}\",\"mutated\":{(changed ? "true" : "false")}}}");
            return next;
        }
        catch (WebhookCallException e) when (hook.FailsOpen)
        {
            _ = e;
            request.Annotate($"failed-open.mutation.webhook.admission.k8s.io/{place}", hook.Name);
            return request.Object;
        }
        catch (WebhookCallException e)
        {
            throw Failed(hook, e);
        }
    }

    private async Task<ApiException?> ValidateAsync(Webhook hook, ServedKind kind, AdmissionRequest request, CancellationToken cancellationToken)
    {
        try
        {
            await AskAsync(hook, matching.InVersion(request, kind), request, mutates: false, cancellationToken).ConfigureAwait(false);
            return null;
        }
        catch (WebhookCallException e)
        {
            if (hook.FailsOpen)
            {
                request.Annotate($"failed-open.validating.webhook.admission.k8s.io/{hook.Id}", hook.Name);
            }

            return hook.FailsOpen ? null : Failed(hook, e);
        }
        catch (ApiException refusal)
        {
            return refusal;
        }
    }

    /// <summary>Null when nothing can answer because the webhook's pods are simulated.</summary>
    private async Task<WebhookVerdict?> AskAsync(Webhook hook, AdmissionRequest asked, AdmissionRequest original, bool mutates, CancellationToken cancellationToken)
    {
        if (asked.DryRun && !hook.SupportsDryRun)
        {
            throw ApiErrors.BadRequest($"admission webhook \"{hook.Name}\" does not support dry run");
        }

        string version = hook.ReviewVersion ?? throw new WebhookCallException("could not create admission objects: webhook does not accept known AdmissionReview versions (v1, v1beta1)");
        WebhookAddress address;
        try
        {
            address = resolver.Resolve(hook);
        }
        catch (WebhookUnreachableException e)
        {
            original.Warn(e.Message);
            return null;
        }

        string uid = Guid.NewGuid().ToString();
        MapNode answer = await client.PostAsync(hook, address, WebhookReview.Question(version, uid, asked, original), cancellationToken).ConfigureAwait(false);
        WebhookVerdict verdict = WebhookReview.Answer(answer, version, uid, mutates);
        foreach ((string key, Node value) in verdict.AuditAnnotations)
        {
            original.Annotate($"{hook.Name}/{key}", value.AsString() ?? string.Empty);
        }

        foreach (string warning in verdict.Warnings)
        {
            original.Warn(warning);
        }

        return verdict.Allowed ? verdict : throw WebhookErrors.Denied(hook.Name, verdict.Status);
    }

    private MapNode Patched(Webhook hook, AdmissionRequest asked, AdmissionRequest request, string base64)
    {
        if (request.Operation == "DELETE")
        {
            throw WebhookErrors.Internal($"admission webhook \"{hook.Name}\" attempted to modify the object, which is not supported for this operation");
        }

        ListNode patch = DecodePatch(base64);
        if (patch.Count == 0)
        {
            return request.Object;
        }

        try
        {
            MapNode patched = JsonPatch.Apply(asked.Object, patch) as MapNode ?? throw WebhookErrors.Internal("the patched object is no object");
            MapNode decoded = asked.View is null ? settings.Decode(asked.Kind, patched) : patched;
            MapNode next = asked.Kind == request.Kind ? decoded : settings.Convert(asked.Kind, request.Kind, decoded);
            return Node.DeepEquals(next, request.Object) ? request.Object : next;
        }
        catch (PatchException e)
        {
            throw WebhookErrors.Internal(e.Message);
        }
    }

    private static ListNode DecodePatch(string base64)
    {
        byte[] bytes = new byte[base64.Length];
        if (!Convert.TryFromBase64String(base64, bytes, out int length))
        {
            throw new WebhookCallException("failed to call webhook: illegal base64 data at input byte 0");
        }

        try
        {
            return JsonReader.Read(bytes.AsSpan(0, length), 256) as ListNode
                ?? throw new WebhookCallException("received undecodable patch in webhook response: json: cannot unmarshal object into Go value of type jsonpatch.Patch");
        }
        catch (JsonException e)
        {
            throw new WebhookCallException($"received undecodable patch in webhook response: {e.Message}", e);
        }
    }

    private static ApiException Failed(Webhook hook, WebhookCallException e) => WebhookErrors.Internal($"failed calling webhook \"{hook.Name}\": {e.Message}");
}

/// <summary>Which webhooks of a request were called and are to be called again.</summary>
internal sealed class MutatingRun
{
    private readonly HashSet<string> callable = [];
    private readonly HashSet<string> again = [];
    private MapNode? output;

    public int Round { get; private set; }

    public bool Changed { get; private set; }

    public bool Calls(Webhook hook) => Round == 0 || again.Contains(hook.Id);

    /// <summary>A change makes those that were called before it, and allow it, due again.</summary>
    public void Called(Webhook hook, bool changed)
    {
        if (changed)
        {
            Changed = true;
            DueAgain();
        }

        if (hook.MayBeReinvoked)
        {
            callable.Add(hook.Id);
        }
    }

    /// <param name="before">The object as the first round left it; others change it where it stands.</param>
    public void BeginSecondRound(MapNode before)
    {
        Round = 1;
        output = callable.Count > 0 ? (MapNode)before.DeepClone() : null;
    }

    /// <summary>What others changed since the first round makes webhooks due again, too.</summary>
    public void Begin(MapNode node)
    {
        if (output is not null && !Node.DeepEquals(output, node))
        {
            DueAgain();
        }
    }

    private void DueAgain()
    {
        again.UnionWith(callable);
        callable.Clear();
    }
}

/// <summary>Refusals around webhooks, as kube-apiserver words them.</summary>
internal static class WebhookErrors
{
    public static ApiException Internal(string message) => new(
        500,
        "InternalError",
        "Internal error occurred: " + message,
        new MapNode { ["causes"] = new ListNode(new MapNode { ["message"] = message }) });

    /// <summary>The webhook's own status with a message that names it; never less than a refusal.</summary>
    public static ApiException Denied(string hook, MapNode? status)
    {
        string message = status?["message"]?.AsString() ?? string.Empty;
        string reason = status?["reason"]?.AsString() ?? string.Empty;
        string why = message.Length > 0 ? ": " + message : reason.Length > 0 ? ": " + reason : " without explanation";
        int code = (int)Math.Clamp(status?["code"]?.AsInteger() ?? 0, 0, 599);
        return new ApiException(code < 400 ? 400 : code, reason, $"admission webhook \"{hook}\" denied the request{why}", status?["details"]?.DeepClone() as MapNode);
    }
}
