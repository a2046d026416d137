using Bowline.Resources.Model;

namespace Bowline.Delivery.Desired;

/// <summary>
/// How one object is delivered: Argo CD's sync options, of the application and then, going before them, of the object's own
/// <c>argocd.argoproj.io/sync-options</c> annotation.
/// </summary>
public sealed record ObjectOptions
{
    public const string Annotation = "argocd.argoproj.io/sync-options";

    public static readonly ObjectOptions Default = new();

    /// <summary>Delete it when it leaves the repository (Prune=false keeps it).</summary>
    public bool Prune { get; private init; } = true;

    /// <summary>Prune=confirm: somebody has to agree first.</summary>
    public bool ConfirmPrune { get; private init; }

    /// <summary>Delete it with its application (Delete=false keeps it).</summary>
    public bool Delete { get; private init; } = true;

    public bool ConfirmDelete { get; private init; }

    /// <summary>Replace the whole object by what the repository says, instead of merging.</summary>
    public bool Replace { get; private init; }

    /// <summary>Delete and make anew what cannot be changed in place.</summary>
    public bool Force { get; private init; }

    /// <summary>False for the three-way merge over the last-applied annotation, as <c>kubectl apply</c> does it.</summary>
    public bool ServerSideApply { get; private init; } = true;

    /// <summary>False lets unknown fields through.</summary>
    public bool Validate { get; private init; } = true;

    public bool SkipDryRunOnMissingResource { get; private init; }

    /// <summary>Prune only when everything else is applied and healthy.</summary>
    public bool PruneLast { get; private init; }

    /// <summary>An object that belongs to another application fails the sync instead of being left alone.</summary>
    public bool FailOnSharedResource { get; private init; }

    /// <summary>A sync leaves fields as they are whose differences are ignored.</summary>
    public bool RespectIgnoreDifferences { get; private init; }

    /// <summary>Take over the fields that client-side appliers wrote, so that what leaves the repository leaves the object.</summary>
    public bool MigrateClientSideApply { get; private init; } = true;

    /// <summary>Background, Foreground or Orphan.</summary>
    public string PropagationPolicy { get; init; } = "Background";

    /// <summary>The user in whose name it is written and deleted, a service account; empty for the connection's own. No option sets it.</summary>
    public string As { get; init; } = string.Empty;

    /// <summary>Options as <c>Name=value</c>, over those of the application; unknown ones are for other tools.</summary>
    public static ObjectOptions Read(IEnumerable<string> options, ObjectOptions above)
    {
        ObjectOptions read = above;
        foreach (string option in options)
        {
            read = read.With(option.Trim());
        }

        return read;
    }

    /// <summary>As <see cref="Read(IEnumerable{string}, ObjectOptions)"/>, from the annotation's text.</summary>
    public static ObjectOptions Read(string? annotation, ObjectOptions above) => annotation is null ? above : Read(annotation.Split(','), above);

    /// <summary>A Secret is always applied by the server: the other way would copy its values into an annotation that everybody shows.</summary>
    internal ObjectOptions For(ResourceKind kind) => kind is { Group: "", Kind: "Secret" } ? this with { ServerSideApply = true } : this;

    private ObjectOptions With(string option) => option switch
    {
        "Prune=true" => this with { Prune = true, ConfirmPrune = false },
        "Prune=false" => this with { Prune = false },
        "Prune=confirm" => this with { Prune = true, ConfirmPrune = true },
        "Delete=true" => this with { Delete = true, ConfirmDelete = false },
        "Delete=false" => this with { Delete = false },
        "Delete=confirm" => this with { Delete = true, ConfirmDelete = true },
        "Replace=true" or "Replace=false" => this with { Replace = IsTrue(option) },
        "Force=true" or "Force=false" => this with { Force = IsTrue(option) },
        "ServerSideApply=true" or "ServerSideApply=false" => this with { ServerSideApply = IsTrue(option) },
        "Validate=true" or "Validate=false" => this with { Validate = IsTrue(option) },
        "SkipDryRunOnMissingResource=true" or "SkipDryRunOnMissingResource=false" => this with { SkipDryRunOnMissingResource = IsTrue(option) },
        "PruneLast=true" or "PruneLast=false" => this with { PruneLast = IsTrue(option) },
        "FailOnSharedResource=true" or "FailOnSharedResource=false" => this with { FailOnSharedResource = IsTrue(option) },
        "RespectIgnoreDifferences=true" or "RespectIgnoreDifferences=false" => this with { RespectIgnoreDifferences = IsTrue(option) },
        "ClientSideApplyMigration=true" or "ClientSideApplyMigration=false" => this with { MigrateClientSideApply = IsTrue(option) },
        "PrunePropagationPolicy=foreground" => this with { PropagationPolicy = "Foreground" },
        "PrunePropagationPolicy=background" => this with { PropagationPolicy = "Background" },
        "PrunePropagationPolicy=orphan" => this with { PropagationPolicy = "Orphan" },
        _ => this,
    };

    private static bool IsTrue(string option) => option.EndsWith("=true", StringComparison.Ordinal);
}
