using System.Globalization;
using Bowline.EmbeddedCluster.ApiServer.Bodies;
using Bowline.EmbeddedCluster.Kinds;
using Bowline.EmbeddedCluster.Validation;
using Bowline.Resources.Merging;
using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.ApiServer;

/// <summary>Reads ListOptions from a query.</summary>
internal static class ListQuery
{
    public static ListRequest Parse(ApiRequest request, ServedKind kind) => new()
    {
        Labels = LabelQuery.Parse(request.Parameter("labelSelector")),
        Fields = FieldSelector.Parse(request.Parameter("fieldSelector"), kind),
        ResourceVersion = request.Parameter("resourceVersion"),
        Match = request.Parameter("resourceVersionMatch"),
        Limit = (int)Math.Clamp(Number(request, "limit") ?? 0, 0, int.MaxValue),
        Continue = request.Parameter("continue"),
        SendInitialEvents = request.Query.ContainsKey("sendInitialEvents") ? request.Flag("sendInitialEvents") : null,
        Bookmarks = request.Flag("allowWatchBookmarks"),
        Timeout = Number(request, "timeoutSeconds") is { } seconds and > 0 ? TimeSpan.FromSeconds(Math.Min(seconds, 86400)) : null,
    };

    private static long? Number(ApiRequest request, string name)
    {
        string text = request.Parameter(name);
        if (text.Length == 0)
        {
            return null;
        }

        return long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long number)
            ? number
            : throw ApiErrors.BadRequest($"strconv.ParseInt: parsing \"{text}\": invalid syntax");
    }
}

/// <summary>Reads Create-, Update- and PatchOptions from a query.</summary>
internal static class WriteQuery
{
    public static WriteContext Context(ApiRequest request, List<string> warnings, bool isPatch = false, bool isApply = false)
    {
        string options = isPatch ? "PatchOptions" : request.Method switch
        {
            "POST" => "CreateOptions",
            "DELETE" => "DeleteOptions",
            _ => "UpdateOptions",
        };
        List<FieldError> errors = [];
        IReadOnlyList<string> dryRun = request.Values("dryRun");
        if (dryRun.Any(value => value != "All"))
        {
            errors.Add(FieldError.NotSupported("dryRun", new ListNode(dryRun.Select(value => (Node)StringNode.Of(value))), "All"));
        }

        string manager = request.Parameter("fieldManager");
        if (isApply && manager.Length == 0)
        {
            errors.Add(FieldError.Required("fieldManager", "is required for apply patch"));
        }

        if (!isApply && request.Query.ContainsKey("force") && isPatch)
        {
            errors.Add(FieldError.Forbidden("force", "may not be specified for non-apply patch"));
        }

        if (manager.Length > 128)
        {
            errors.Add(FieldError.TooLong("fieldManager", 128));
        }

        errors.AddRange(Unprintable(manager));

        string validation = request.Parameter("fieldValidation");
        if (validation is not ("" or "Strict" or "Warn" or "Ignore"))
        {
            errors.Add(FieldError.NotSupported("fieldValidation", validation, string.Empty, "Ignore", "Strict", "Warn"));
        }

        if (errors.Count > 0)
        {
            throw ApiErrors.Invalid("meta.k8s.io", options, string.Empty, errors);
        }

        return new WriteContext(request.User, manager.Length > 0 ? manager : DefaultManager(request.UserAgent))
        {
            DryRun = dryRun.Count > 0,
            Force = request.Flag("force"),
            FieldValidation = validation switch
            {
                "Strict" => FieldValidation.Strict,
                "Ignore" => FieldValidation.Ignore,
                _ => FieldValidation.Warn,
            },
            Warnings = warnings,
            Annotate = request.Annotate,
            Cancellation = request.Aborted,
        };
    }

    /// <summary>The name of a manager is shown to people.</summary>
    private static IEnumerable<FieldError> Unprintable(string manager)
    {
        int at = 0;
        foreach (System.Text.Rune rune in manager.EnumerateRunes())
        {
            if (System.Text.Rune.IsControl(rune))
            {
                string shown = GoNotation.Literal(StringNode.Of(manager));
                yield return new FieldError("FieldValueInvalid", "fieldManager", $"Invalid value: {shown}: invalid character U+{rune.Value:X4} (at position {at})");
            }

            at += rune.Utf8SequenceLength;
        }
    }

    /// <summary>The part of the User-Agent before its first slash.</summary>
    private static string DefaultManager(string agent)
    {
        string prefix = agent.Split('/')[0];
        return prefix.Length > 128 ? prefix[..128] : prefix.Length == 0 ? "unknown" : prefix;
    }
}

/// <summary>Reads DeleteOptions from a query and a body.</summary>
internal static class DeleteQuery
{
    public static (DeleteRequest Options, bool DryRun) Parse(ApiRequest request)
    {
        MapNode? body = request.Body.IsEmpty ? null : BodyParser.Plain(request) as MapNode;
        if (body?["kind"]?.AsString() is { Length: > 0 } kind && kind != "DeleteOptions")
        {
            throw ApiErrors.BadRequest($"no kind \"{kind}\" is registered for version \"{body["apiVersion"]?.AsString()}\" in scheme \"pkg/runtime/scheme.go:111\"");
        }

        DeleteRequest options = new()
        {
            GracePeriodSeconds = body?["gracePeriodSeconds"]?.AsInteger() ?? Number(request.Parameter("gracePeriodSeconds")),
            PropagationPolicy = body?["propagationPolicy"]?.AsString() ?? Text(request.Parameter("propagationPolicy")),
            OrphanDependents = body?["orphanDependents"]?.AsBool() ?? (request.Query.ContainsKey("orphanDependents") ? request.Flag("orphanDependents") : null),
            Uid = body?.At("preconditions", "uid")?.AsString(),
            ResourceVersion = body?.At("preconditions", "resourceVersion")?.AsString(),
        };
        ListNode dryRun = body?["dryRun"]?.AsList() ?? [];
        return dryRun.All(value => value.AsString() == "All")
            ? (options, dryRun.Count > 0)
            : throw ApiErrors.Invalid("meta.k8s.io", "DeleteOptions", string.Empty, [FieldError.NotSupported("dryRun", dryRun, "All")]);
    }

    private static long? Number(string text) => long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long number) ? number : null;

    private static string? Text(string text) => text.Length == 0 ? null : text;
}
