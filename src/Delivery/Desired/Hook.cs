namespace Bowline.Delivery.Desired;

/// <summary>The steps of a sync, or of the removal of an application, in order.</summary>
public enum SyncPhase
{
    /// <summary>Before an application's objects are deleted with it.</summary>
    PreDelete,
    PreSync,
    Sync,
    PostSync,

    /// <summary>After an application's objects were deleted with it.</summary>
    PostDelete,

    /// <summary>Only after a failure in one of the others.</summary>
    SyncFail,
}

/// <summary>When a hook's object is deleted again.</summary>
[Flags]
public enum HookDeletePolicies
{
    None = 0,
    BeforeHookCreation = 1,
    HookSucceeded = 2,
    HookFailed = 4,
}

/// <summary>An object that runs in a phase of a sync instead of being kept in sync, by Argo CD's or Helm's annotations.</summary>
public sealed record Hook(SyncPhase Phase, HookDeletePolicies DeletePolicies)
{
    /// <summary>
    /// The phases that the object runs in; null for an object that is no hook. Empty for objects that are never touched: Argo CD's
    /// Skip, and Helm's test and rollback hooks.
    /// </summary>
    public static IReadOnlyList<Hook>? Of(DesiredObject desired)
    {
        string? argo = desired.Annotation("argocd.argoproj.io/hook");
        string? helm = desired.Annotation("helm.sh/hook");
        string? declared = argo ?? helm;
        if (declared is null || (argo is null && helm!.Contains("crd-install", StringComparison.Ordinal)))
        {
            return null;
        }

        HookDeletePolicies policies = PoliciesOf(desired);
        SyncPhase[] phases = [.. Split(declared).Select(PhaseOf).OfType<SyncPhase>().Distinct()];
        return [.. phases.Select(phase => new Hook(phase, policies))];
    }

    private static SyncPhase? PhaseOf(string name) => name switch
    {
        "PreSync" or "pre-install" or "pre-upgrade" => SyncPhase.PreSync,
        "Sync" => SyncPhase.Sync,
        "PostSync" or "post-install" or "post-upgrade" => SyncPhase.PostSync,
        "SyncFail" => SyncPhase.SyncFail,
        "PreDelete" or "pre-delete" => SyncPhase.PreDelete,
        "PostDelete" or "post-delete" => SyncPhase.PostDelete,
        _ => null,
    };

    private static HookDeletePolicies PoliciesOf(DesiredObject desired)
    {
        string declared = desired.Annotation("argocd.argoproj.io/hook-delete-policy") ?? desired.Annotation("helm.sh/hook-delete-policy") ?? string.Empty;
        HookDeletePolicies policies = HookDeletePolicies.None;
        foreach (string name in Split(declared))
        {
            policies |= name switch
            {
                "BeforeHookCreation" or "before-hook-creation" => HookDeletePolicies.BeforeHookCreation,
                "HookSucceeded" or "hook-succeeded" => HookDeletePolicies.HookSucceeded,
                "HookFailed" or "hook-failed" => HookDeletePolicies.HookFailed,
                _ => HookDeletePolicies.None,
            };
        }

        return policies == HookDeletePolicies.None ? HookDeletePolicies.BeforeHookCreation : policies;
    }

    private static string[] Split(string list) => list.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
}
