using System.Collections.Frozen;
using System.Globalization;
using Bowline.Resources.Model;

namespace Bowline.Rendering.Helm.Manifests;

/// <summary>One rendered document: the template it is from as Helm prints it, its text, and what it says.</summary>
/// <param name="Document">How many documents of the same template come before it.</param>
internal sealed record Manifest(string Source, string Text, Node Root, ManifestHead Head, int Document)
{
    /// <summary>Set on a hook.</summary>
    public HookData? Hook { get; init; }
}

/// <summary>When a hook runs and what becomes of it.</summary>
internal sealed record HookData(IReadOnlyList<string> Events, int Weight, IReadOnlyList<string> DeletePolicies)
{
    private const string EventsKey = "helm.sh/hook";
    private static readonly FrozenSet<string> Known = FrozenSet.ToFrozenSet(
        [
            "pre-install", "post-install", "pre-delete", "post-delete", "pre-upgrade", "post-upgrade",
            "pre-rollback", "post-rollback", "test", "test-success",
        ],
        StringComparer.Ordinal);

    public bool IsTest => Events.Contains("test");

    /// <summary>Null for what is no hook. A hook with any unknown event is dropped by Helm: <paramref name="dropped"/>.</summary>
    public static HookData? Of(ManifestHead head, out bool dropped)
    {
        dropped = false;
        if (head.Annotations[EventsKey]?.AsString() is not { } text)
        {
            return null;
        }

        string[] events = Values(text);
        dropped = !events.All(Known.Contains);
        _ = int.TryParse(head.Annotations["helm.sh/hook-weight"]?.AsString(), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out int weight);
        string[] policies = head.Annotations["helm.sh/hook-delete-policy"]?.AsString() is { } value ? Values(value) : [];
        return new HookData([.. events.Select(one => one == "test-success" ? "test" : one)], weight, policies);
    }

    private static string[] Values(string text) => [.. text.Split(',').Select(one => one.Trim().ToLowerInvariant())];
}
