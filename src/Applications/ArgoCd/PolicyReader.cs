using System.Globalization;
using Bowline.Applications.Model;
using Bowline.Delivery.Diffing;
using Bowline.Resources.Model;

namespace Bowline.Applications.ArgoCd;

/// <summary>How an application is to be kept in sync: <c>syncPolicy</c> and <c>ignoreDifferences</c>.</summary>
internal static class PolicyReader
{
    public static SyncPolicy Read(Node? policy)
    {
        Node? automated = policy?["automated"];
        bool enabled = automated is MapNode && (automated["enabled"]?.AsBool() ?? true);
        return new SyncPolicy
        {
            Automated = enabled,
            IsManual = automated is MapNode && !enabled,
            Prune = enabled && automated?["prune"]?.AsBool() == true,
            SelfHeal = enabled && automated?["selfHeal"]?.AsBool() == true,
            AllowEmpty = automated?["allowEmpty"]?.AsBool() == true,
            Options = ArgoCdDialect.Texts(policy?["syncOptions"]),
            NamespaceMetadata = policy?["managedNamespaceMetadata"] as MapNode,
            Retry = policy?["retry"] is MapNode retry ? ReadRetry(retry) : RetryPolicy.Default,
        };
    }

    public static IReadOnlyList<IgnoreRule> ReadIgnored(Resource resource, Node? rules)
    {
        List<IgnoreRule> read = [];
        foreach (Node rule in rules as ListNode ?? [])
        {
            try
            {
                read.Add(new IgnoreRule(ArgoCdDialect.Text(rule["group"]), ArgoCdDialect.Text(rule["kind"]))
                {
                    Namespace = ArgoCdDialect.Text(rule["namespace"]),
                    Name = ArgoCdDialect.Text(rule["name"]),
                    JsonPointers = ArgoCdDialect.Texts(rule["jsonPointers"]),
                    Paths = [.. ArgoCdDialect.Texts(rule["jqPathExpressions"]).Select(JqPath.Parse)],
                    Managers = ArgoCdDialect.Texts(rule["managedFieldsManagers"]),
                });
            }
            catch (PathException unreadable)
            {
                throw ArgoCdDialect.Fault(resource, $"has an ignoreDifferences rule that cannot be read: {unreadable.Message}");
            }
        }

        return read;
    }

    public static IReadOnlyList<string> ReadList(string? annotation, char separator) =>
        annotation?.Split(separator, StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries) ?? [];

    /// <summary>Argo CD's defaults for what a retry block leaves out: no retry at all, else after 5 s, doubled, up to 3 minutes.</summary>
    internal static RetryPolicy ReadRetry(Node retry)
    {
        Node? backoff = retry["backoff"];
        double factor = backoff?["factor"]?.AsNumber() ?? 2;
        return new RetryPolicy(
            (int)Math.Clamp(retry["limit"]?.AsInteger() ?? 0, -1, int.MaxValue),
            Duration(backoff?["duration"], TimeSpan.FromSeconds(5)),
            factor >= 1 ? factor : 1,
            Duration(backoff?["maxDuration"], TimeSpan.FromMinutes(3)))
        {
            KeepsRevision = retry["refresh"]?.AsBool() == false,
        };
    }

    private static TimeSpan Duration(Node? node, TimeSpan absent) => ParseDuration(ArgoCdDialect.Text(node)) ?? absent;

    /// <summary>Go's durations (<c>1m30s</c>), or a number of seconds, up to a year; null for what is none.</summary>
    internal static TimeSpan? ParseDuration(string text)
    {
        double seconds = 0;
        for (int at = 0; at < text.Length;)
        {
            int digits = at;
            while (at < text.Length && (char.IsAsciiDigit(text[at]) || text[at] == '.'))
            {
                at++;
            }

            int unit = at;
            while (at < text.Length && !char.IsAsciiDigit(text[at]))
            {
                at++;
            }

            double? scale = text[unit..at] switch { "" or "s" => 1, "ms" => 0.001, "m" => 60, "h" => 3600, _ => null };
            if (scale is null || !double.TryParse(text.AsSpan(digits, unit - digits), NumberStyles.Float, CultureInfo.InvariantCulture, out double value))
            {
                return null;
            }

            seconds += value * scale.Value;
        }

        return text.Length == 0 ? null : TimeSpan.FromSeconds(Math.Min(seconds, TimeSpan.FromDays(366).TotalSeconds));
    }
}
