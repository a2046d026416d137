using System.Globalization;
using Bowline.Resources.Model;

namespace Bowline.Applications.ArgoCd;

/// <summary>The word of <c>argocd app confirm-deletion</c>: a moment, written to the Application, from which on the deletions that ask for it are agreed to.</summary>
internal static class Approval
{
    private const string Annotation = "argocd.argoproj.io/deletion-approved";

    /// <summary>Null when nobody agreed, and for what is no moment (RFC 3339).</summary>
    public static DateTimeOffset? Of(MapNode application) =>
        DateTimeOffset.TryParse(application.At("metadata", "annotations", Annotation)?.AsString(), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out DateTimeOffset moment) ? moment : null;

    /// <summary>Whether that was said of a deletion that began when it did; both are told in whole seconds.</summary>
    public static bool Covers(DateTimeOffset? approved, DateTimeOffset since) => approved is { } moment && moment.ToUnixTimeSeconds() >= since.ToUnixTimeSeconds();

    /// <summary>Whether an Application that is being deleted was approved since.</summary>
    public static bool CoversDeletion(MapNode application) =>
        DateTimeOffset.TryParse(application.At("metadata", "deletionTimestamp")?.AsString(), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out DateTimeOffset since) && Covers(Of(application), since);
}
