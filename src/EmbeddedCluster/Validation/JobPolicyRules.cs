using System.Globalization;
using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.Validation;

/// <summary>What a job makes of pods that fail, and when it calls itself done.</summary>
internal static class JobPolicyRules
{
    private static readonly string[] Actions = ["Count", "FailIndex", "FailJob", "Ignore"];

    public static void Failure(Checks check, Node? spec, string path)
    {
        ListNode rules = spec?.At("podFailurePolicy", "rules")?.AsList() ?? [];
        AtMost(check, rules, 20, $"{path}.rules");
        foreach ((Node rule, string at) in Checks.Each(rules, $"{path}.rules"))
        {
            string action = Checks.Text(rule["action"]);
            if (action.Length == 0)
            {
                check.Add(FieldError.Required($"{at}.action", "valid values: [\"Count\" \"FailIndex\" \"FailJob\" \"Ignore\"]"));
            }
            else if (action == "FailIndex" && spec!["backoffLimitPerIndex"] is null)
            {
                check.Add(FieldError.Invalid($"{at}.action", action, "requires the backoffLimitPerIndex to be set"));
            }
            else
            {
                check.OneOf(rule["action"], $"{at}.action", Actions);
            }

            Codes(check, spec!, rule["onExitCodes"], $"{at}.onExitCodes");
            Conditions(check, rule["onPodConditions"], $"{at}.onPodConditions");
            bool codes = rule["onExitCodes"] is MapNode;
            if (codes == rule["onPodConditions"] is ListNode { Count: > 0 })
            {
                string problem = codes ? "specifying both OnExitCodes and OnPodConditions is not supported" : "specifying one of OnExitCodes and OnPodConditions is required";
                check.Add(new FieldError("FieldValueInvalid", at, $"Invalid value: {problem}"));
            }
        }
    }

    private static void Codes(Checks check, Node spec, Node? codes, string path)
    {
        if (codes is not MapNode)
        {
            return;
        }

        if (Checks.IsEmpty(codes["operator"]))
        {
            check.Add(FieldError.Required($"{path}.operator", "valid values: [\"In\" \"NotIn\"]"));
        }
        else
        {
            check.OneOf(codes["operator"], $"{path}.operator", "In", "NotIn");
        }

        string[] containers = [.. ((string[])["containers", "initContainers"]).SelectMany(list => spec.At("template", "spec", list)?.AsList() ?? []).Select(container => Checks.Text(container["name"]))];
        if (codes["containerName"] is StringNode name && !containers.Contains(name.Value))
        {
            check.Add(FieldError.Invalid($"{path}.containerName", name, "must be one of the container or initContainer names in the pod template"));
        }

        ListNode values = codes["values"]?.AsList() ?? [];
        if (values.Count == 0)
        {
            check.Add(FieldError.Invalid($"{path}.values", codes["values"] ?? Node.Null, "at least one value is required"));
        }

        AtMost(check, values, 255, $"{path}.values");
        HashSet<long> seen = [];
        long last = long.MinValue;
        bool ordered = true;
        foreach ((Node value, string at) in Checks.Each(values, $"{path}.values"))
        {
            long code = value.AsInteger() ?? 0;
            if (code == 0 && Checks.Text(codes["operator"]) == "In")
            {
                check.Add(FieldError.Invalid(at, code, "must not be 0 for the In operator"));
            }

            if (!seen.Add(code))
            {
                check.Add(FieldError.Duplicate(at, code));
            }

            ordered &= last <= code;
            last = code;
        }

        if (!ordered)
        {
            check.Add(FieldError.Invalid($"{path}.values", values, "must be ordered"));
        }
    }

    private static void Conditions(Checks check, Node? patterns, string path)
    {
        AtMost(check, patterns?.AsList() ?? [], 20, path);
        foreach ((Node pattern, string at) in Checks.Each(patterns, path))
        {
            check.Name(pattern["type"], $"{at}.type", NameRules.QualifiedName);
            if (Checks.IsEmpty(pattern["status"]))
            {
                check.Add(FieldError.Required($"{at}.status", "valid values: [\"False\" \"True\" \"Unknown\"]"));
            }
            else
            {
                check.OneOf(pattern["status"], $"{at}.status", "False", "True", "Unknown");
            }
        }
    }

    public static void Success(Checks check, Node spec, string path)
    {
        if (spec["successPolicy"] is not MapNode policy)
        {
            return;
        }

        ListNode rules = policy["rules"]?.AsList() ?? [];
        check.Require(rules, $"{path}.rules", "at least one rules must be specified when the successPolicy is specified");
        AtMost(check, rules, 20, $"{path}.rules");
        long completions = spec["completions"]?.AsInteger() ?? 0;
        foreach ((Node rule, string at) in Checks.Each(rules, $"{path}.rules"))
        {
            SuccessRule(check, rule, at, completions);
        }
    }

    private static void SuccessRule(Checks check, Node rule, string path, long completions)
    {
        string? indexes = rule["succeededIndexes"]?.AsString();
        long? count = rule["succeededCount"]?.AsInteger();
        if (indexes is null && count is null)
        {
            check.Add(FieldError.Required(path, "at least one of succeededCount or succeededIndexes must be specified"));
        }

        long total = 0;
        if (indexes is not null)
        {
            if (indexes.Length > 64 * 1024)
            {
                check.Add(FieldError.TooLong($"{path}.succeededIndexes", 64 * 1024));
            }

            if (IndexProblem(indexes, completions, out total) is { } problem)
            {
                check.Add(FieldError.Invalid($"{path}.succeededIndexes", indexes, $"error parsing succeededIndexes: {problem}"));
            }
        }

        check.NotNegative(rule["succeededCount"], $"{path}.succeededCount");
        if (count > completions)
        {
            check.Add(FieldError.Invalid($"{path}.succeededCount", count.Value, $"must be less than or equal to {completions} (the number of specified completions)"));
        }

        if (indexes is not null && count > total)
        {
            check.Add(FieldError.Invalid($"{path}.succeededCount", count.Value, $"must be less than or equal to {total} (the number of indexes in the specified succeededIndexes field)"));
        }
    }

    /// <summary>What is wrong with a text like <c>0,2-4</c>; null when nothing is.</summary>
    public static string? IndexProblem(string indexes, long completions, out long total)
    {
        total = 0;
        long? last = null;
        foreach (string interval in indexes.Length == 0 ? [] : indexes.Split(','))
        {
            string[] ends = interval.Split('-');
            if (ends.Length > 2)
            {
                return $"the fragment \"{interval}\" violates the requirement that an index interval can have at most two parts separated by '-'";
            }

            long[] numbers = new long[ends.Length];
            for (int i = 0; i < ends.Length; i++)
            {
                if (!long.TryParse(ends[i], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out numbers[i]))
                {
                    return $"cannot convert string to integer for index: \"{ends[i]}\"";
                }

                if (numbers[i] >= completions)
                {
                    return $"too large index: \"{ends[i]}\"";
                }
            }

            if (numbers.Length == 2 && numbers[0] >= numbers[1])
            {
                return $"non-increasing order, previous: {numbers[0]}, current: {numbers[1]}";
            }

            if (last >= numbers[0])
            {
                total = 0;
                return $"non-increasing order, previous: {last}, current: {numbers[0]}";
            }

            total += numbers[^1] - numbers[0] + 1;
            last = numbers[^1];
        }

        return null;
    }

    /// <summary>The first index that both texts name; null when there is none. Intervals that are none are passed over: they are told of elsewhere.</summary>
    public static long? Overlap(string one, string other, long completions)
    {
        (long First, long Last)[] left = Intervals(one, completions);
        (long First, long Last)[] right = Intervals(other, completions);
        int at = 0;
        foreach ((long first, long last) in left)
        {
            while (at < right.Length && right[at].Last < first)
            {
                at++;
            }

            if (at < right.Length && right[at].First <= last)
            {
                return Math.Max(first, right[at].First);
            }
        }

        return null;
    }

    private static (long First, long Last)[] Intervals(string indexes, long completions) =>
    [
        .. indexes.Split(',')
            .Where(interval => interval.Length > 0 && IndexProblem(interval, completions, out _) is null)
            .Select(interval => interval.Split('-').Select(end => long.Parse(end, CultureInfo.InvariantCulture)).ToArray())
            .Select(ends => (ends[0], ends[^1])),
    ];

    private static void AtMost(Checks check, ListNode list, int most, string path)
    {
        if (list.Count > most)
        {
            check.Add(FieldError.TooMany(path, list.Count, most));
        }
    }
}
