using Bowline.EmbeddedCluster.Admission;
using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.ApiServer;

internal enum FieldValidation
{
    Ignore,
    Warn,
    Strict,
}

/// <summary>What a writing request says beside its body.</summary>
internal sealed record WriteContext(UserInfo User, string FieldManager)
{
    public bool DryRun { get; init; }

    public bool Force { get; init; }

    public FieldValidation FieldValidation { get; init; } = FieldValidation.Warn;

    /// <summary>Sent back as Warning headers, in order.</summary>
    public List<string> Warnings { get; init; } = [];

    /// <summary>Members that the body has as empty lists, which storage does not tell from none, and ownership does.</summary>
    public List<string> Emptied { get; } = [];

    /// <summary>Adds an annotation to the request's audit event.</summary>
    public Action<string, string> Annotate { get; init; } = static (_, _) => { };

    /// <summary>The client is gone: what is not stored yet is given up.</summary>
    public CancellationToken Cancellation { get; init; }

    /// <summary>The options object of the operation, as webhooks are shown it.</summary>
    public MapNode OptionsFor(string operation)
    {
        MapNode options = new() { ["kind"] = operation == "CREATE" ? "CreateOptions" : "UpdateOptions", ["apiVersion"] = "meta.k8s.io/v1" };
        if (DryRun)
        {
            options["dryRun"] = new ListNode(StringNode.Of("All"));
        }

        if (FieldManager.Length > 0)
        {
            options["fieldManager"] = FieldManager;
        }

        options["fieldValidation"] = FieldValidation.ToString();
        return options;
    }

    public void Warn(string text)
    {
        // Validating webhooks warn side by side.
        lock (Warnings)
        {
            if (!Warnings.Contains(text))
            {
                Warnings.Add(text);
            }
        }
    }
}

/// <summary>DeleteOptions as the query or the body gave them.</summary>
internal sealed record DeleteRequest
{
    public long? GracePeriodSeconds { get; init; }

    public string? PropagationPolicy { get; init; }

    public bool? OrphanDependents { get; init; }

    public string? Uid { get; init; }

    public string? ResourceVersion { get; init; }

    /// <summary>One of the deletions of a deletecollection: admission is shown each object, and no name, which the request did not give.</summary>
    public bool IsOfMany { get; init; }

    /// <summary>As webhooks are shown it.</summary>
    public MapNode ToNode(bool dryRun)
    {
        MapNode node = new() { ["kind"] = "DeleteOptions", ["apiVersion"] = "meta.k8s.io/v1" };
        if (GracePeriodSeconds is { } seconds)
        {
            node["gracePeriodSeconds"] = seconds;
        }

        if (Uid is not null || ResourceVersion is not null)
        {
            MapNode preconditions = node.EnsureMap("preconditions");
            if (Uid is not null)
            {
                preconditions["uid"] = Uid;
            }

            if (ResourceVersion is not null)
            {
                preconditions["resourceVersion"] = ResourceVersion;
            }
        }

        if (OrphanDependents is { } orphan)
        {
            node["orphanDependents"] = orphan;
        }

        if (PropagationPolicy is not null)
        {
            node["propagationPolicy"] = PropagationPolicy;
        }

        if (dryRun)
        {
            node["dryRun"] = new ListNode(StringNode.Of("All"));
        }

        return node;
    }
}
