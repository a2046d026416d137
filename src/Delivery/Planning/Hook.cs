using Bowline.Delivery.Desired;

namespace Bowline.Delivery.Planning;

/// <summary>When a hook's object is deleted again.</summary>
[Flags]
public enum HookDeletePolicies
{
    None = 0,
    BeforeHookCreation = 1,
    HookSucceeded = 2,
    HookFailed = 4,
}

/// <summary>An object that runs in a phase of every sync instead of being kept in sync, by Argo CD's or Helm's annotations.</summary>
public sealed record Hook(SyncPhase Phase, HookDeletePolicies DeletePolicies)
{
    /// <summary>
    /// Reads the annotations. <paramref name="skipped"/> is true for objects that a sync never touches: Argo CD's Skip, and
    /// Helm's test, rollback and delete hooks.
    /// </summary>
    public static Hook? Of(DesiredObject desired, out bool skipped)
    {
        string? argo = desired.Annotation("argocd.argoproj.io/hook");
        string? helm = desired.Annotation("helm.sh/hook");
        string? declared = argo ?? helm;
        skipped = false;
        if (declared is null || (argo is null && helm!.Contains("crd-install", StringComparison.Ordinal)))
        {
            return null;
        }

        foreach (string name in declared.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            if (PhaseOf(name) is { } phase)
            {
                return new Hook(phase, PoliciesOf(desired));
            }
        }

        skipped = true;
        return null;
    }

    private static SyncPhase? PhaseOf(string name) => name switch
    {
        "PreSync" or "pre-install" or "pre-upgrade" => SyncPhase.PreSync,
        "Sync" => SyncPhase.Sync,
        "PostSync" or "post-install" or "post-upgrade" => SyncPhase.PostSync,
        "SyncFail" => SyncPhase.SyncFail,
        _ => null,
    };

    private static HookDeletePolicies PoliciesOf(DesiredObject desired)
    {
        string declared = desired.Annotation("argocd.argoproj.io/hook-delete-policy") ?? desired.Annotation("helm.sh/hook-delete-policy") ?? string.Empty;
        HookDeletePolicies policies = HookDeletePolicies.None;
        foreach (string name in declared.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
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
}
