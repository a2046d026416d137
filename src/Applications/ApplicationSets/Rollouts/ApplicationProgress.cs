using System.Globalization;
using Bowline.Resources.Model;

namespace Bowline.Applications.ApplicationSets.Rollouts;

/// <summary>How far a rollout has come with one application: an element of <c>status.applicationStatus</c>.</summary>
/// <param name="Status">One of <see cref="Waiting"/>, <see cref="Pending"/>, <see cref="Progressing"/> and <see cref="Healthy"/>.</param>
/// <param name="Step">From 1; -1 for an application that no step selects.</param>
/// <param name="Revisions">The commits that the application is to be brought to.</param>
internal sealed record ApplicationProgress(string Application, string Status, int Step, string Message, DateTimeOffset Since, IReadOnlyList<string> Revisions)
{
    public const string Waiting = "Waiting";
    public const string Pending = "Pending";
    public const string Progressing = "Progressing";
    public const string Healthy = "Healthy";

    public static IReadOnlyList<ApplicationProgress> Read(Node? list) => list is not ListNode items ? [] : [.. items.Select(item => new ApplicationProgress(
        item["application"]?.AsString() ?? string.Empty,
        item["status"]?.AsString() ?? Waiting,
        int.TryParse(item["step"]?.AsString(), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out int step) ? step : -1,
        item["message"]?.AsString() ?? string.Empty,
        Time(item["lastTransitionTime"]) ?? DateTimeOffset.MinValue,
        item["targetRevisions"] is ListNode revisions ? [.. revisions.Select(revision => revision.AsString() ?? string.Empty)] : []))];

    public MapNode ToNode() => new()
    {
        ["application"] = Application,
        ["status"] = Status,
        ["step"] = Step.ToString(CultureInfo.InvariantCulture),
        ["message"] = Message,
        ["lastTransitionTime"] = Timestamp.Text(Since),
        ["targetRevisions"] = new ListNode(Revisions.Select(StringNode.Of)),
    };

    public ApplicationProgress To(string status, string message, DateTimeOffset now) => this with { Status = status, Message = message, Since = now };

    internal static DateTimeOffset? Time(Node? node) =>
        DateTimeOffset.TryParse(node?.AsString(), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out DateTimeOffset time) ? time : null;
}
