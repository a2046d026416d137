using System.Text;
using System.Text.Json;
using Bowline.EmbeddedCluster.Kinds;
using Bowline.EmbeddedCluster.Storage;
using Bowline.EmbeddedCluster.Validation;
using Bowline.Resources.Json;
using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.ApiServer;

/// <summary>What a list or watch request asks for.</summary>
internal sealed record ListRequest
{
    public static readonly ListRequest All = new();

    public LabelSelector Labels { get; init; } = LabelSelector.Everything;

    public FieldSelector Fields { get; init; } = FieldSelector.Everything;

    public string ResourceVersion { get; init; } = string.Empty;

    public string Match { get; init; } = string.Empty;

    public int Limit { get; init; }

    public string Continue { get; init; } = string.Empty;

    public bool? SendInitialEvents { get; init; }

    public bool Bookmarks { get; init; }

    public TimeSpan? Timeout { get; init; }

    /// <summary>Whether nothing is filtered out.</summary>
    public bool IsUnfiltered => Labels.IsEmpty && Fields.IsEmpty;

    public bool Matches(MapNode node) => Labels.Matches(node["metadata"]?["labels"]) && Fields.Matches(node);
}

/// <summary>One page of a list.</summary>
internal sealed record ListPage(IReadOnlyList<StoredObject> Items, long Revision, string Continue, long? Remaining);

internal sealed partial class ResourceService
{
    private const string TokenVersion = "meta.k8s.io/v1";

    /// <summary>A page of stored objects; selectors apply to them in the asked version.</summary>
    public ListPage List(ServedKind kind, string? @namespace, ListRequest request)
    {
        if (request.SendInitialEvents is not null)
        {
            throw InvalidOptions(FieldError.Forbidden("sendInitialEvents", "sendInitialEvents is forbidden for list"));
        }

        CheckMatch(request);
        if (request.ResourceVersion == "0" && request.Continue.Length == 0)
        {
            // Served from the watch cache there, which knows no pages.
            request = request with { Limit = 0 };
        }

        (CollectionSnapshot snapshot, long revision, string start) = Choose(kind, request);
        string? scope = kind.Namespaced ? @namespace : null;
        List<StoredObject> items = [];
        long matching = 0;
        foreach (StoredObject item in snapshot.In(scope))
        {
            if ((start.Length > 0 && CompareKeys(Key(item, scope), start) < 0) || (!request.IsUnfiltered && !request.Matches(Present(kind, item).Node)))
            {
                continue;
            }

            matching++;
            if (request.Limit <= 0 || items.Count < request.Limit)
            {
                items.Add(item);
            }
            else if (!request.IsUnfiltered)
            {
                break;
            }
        }

        bool more = matching > items.Count;
        return new ListPage(items, revision, more ? Token(revision, Key(items[^1], scope) + "\0") : string.Empty, more && request.IsUnfiltered ? matching - items.Count : null);
    }

    /// <summary>Parses a resourceVersion; null when it is none.</summary>
    internal static long? ParseRevision(string text) => text.Length == 0 ? null : long.TryParse(text, System.Globalization.NumberStyles.None, null, out long revision) ? revision : -1;

    internal static ApiException InvalidOptions(params FieldError[] errors) => ApiErrors.Invalid("meta.k8s.io", "ListOptions", string.Empty, errors);

    internal static string BadRevision(string text) => $"resourceVersion: Invalid value: \"{text}\": strconv.ParseUint: parsing \"{text}\": invalid syntax";

    private static void CheckMatch(ListRequest request)
    {
        if (request.Match.Length == 0)
        {
            return;
        }

        if (request.Continue.Length > 0)
        {
            throw InvalidOptions(FieldError.Forbidden("resourceVersionMatch", "resourceVersionMatch is forbidden when continue is provided"));
        }

        if (request.Match is not ("Exact" or "NotOlderThan"))
        {
            throw InvalidOptions(new FieldError("FieldValueNotSupported", "resourceVersionMatch", $"Unsupported value: \"{request.Match}\": supported values: \"Exact\", \"NotOlderThan\", \"\""));
        }

        if (request.ResourceVersion.Length == 0)
        {
            throw InvalidOptions(FieldError.Forbidden("resourceVersionMatch", "resourceVersionMatch is forbidden unless resourceVersion is provided"));
        }

        if (request.Match == "Exact" && request.ResourceVersion == "0")
        {
            throw InvalidOptions(FieldError.Forbidden("resourceVersionMatch", "resourceVersionMatch \"exact\" is forbidden for resourceVersion \"0\""));
        }
    }

    private (CollectionSnapshot Snapshot, long Revision, string Start) Choose(ServedKind kind, ListRequest request)
    {
        (CollectionSnapshot now, long current) = Store.Consistent(kind.Collection);
        if (request.Continue.Length > 0)
        {
            return Continued(kind, request, now, current);
        }

        long asked = ParseRevision(request.ResourceVersion) ?? 0;
        if (asked < 0)
        {
            throw ApiErrors.BadRequest($"invalid resource version: {BadRevision(request.ResourceVersion)}");
        }

        if (asked > current)
        {
            throw ApiErrors.RevisionTooLarge(asked, current);
        }

        // A limited list at a revision is exact too, as it was before resourceVersionMatch existed.
        if (asked == 0 || (request.Match != "Exact" && (request.Limit == 0 || request.Match.Length > 0)))
        {
            return (now, current, string.Empty);
        }

        CollectionSnapshot then = At(kind, asked) ?? throw ApiErrors.Expired("The resourceVersion for the provided list is too old.");
        return (then, asked, string.Empty);
    }

    private (CollectionSnapshot Snapshot, long Revision, string Start) Continued(ServedKind kind, ListRequest request, CollectionSnapshot now, long current)
    {
        if (request.ResourceVersion is not ("" or "0"))
        {
            throw ApiErrors.BadRequest("specifying resource version is not allowed when using continue");
        }

        (long revision, string start) = ReadToken(request.Continue);
        if (revision < 0)
        {
            return (now, current, start);
        }

        if (revision == current)
        {
            return (now, current, start);
        }

        CollectionSnapshot? then = revision > current ? null : At(kind, revision);
        return then is not null
            ? (then, revision, start)
            : throw new ApiException(
                410,
                "Expired",
                "The provided continue parameter is too old to display a consistent list result. You can start a new list without the continue parameter, or use the continue token in this response to retrieve the remainder of the results. Continuing with the provided token results in an inconsistent list - objects that were created, modified, or deleted between the time the first chunk was returned and now may show up in the list.")
            {
                Metadata = new MapNode { ["continue"] = Token(-1, start) },
            };
    }

    private CollectionSnapshot? At(ServedKind kind, long revision) => revision < firstRevision ? null : Store.SnapshotAt(kind.Collection, revision);

    // Relative to what is listed, as tokens of the reference are.
    private static string Key(StoredObject item, string? scope) => item.Namespace.Length == 0 || scope is not null ? item.Name : $"{item.Namespace}/{item.Name}";

    private static int CompareKeys(string left, string right) => string.CompareOrdinal(left, right);

    private static string Token(long revision, string start)
    {
        MapNode token = new() { ["v"] = TokenVersion, ["rv"] = revision, ["start"] = start };
        return Convert.ToBase64String(JsonWriter.ToBytes(token)).TrimEnd('=').Replace('+', '-').Replace('/', '_');
    }

    private static (long Revision, string Start) ReadToken(string text)
    {
        try
        {
            string base64 = text.Replace('-', '+').Replace('_', '/');
            byte[] bytes = Convert.FromBase64String(base64.PadRight((base64.Length + 3) & ~3, '='));
            Node token = JsonReader.Read(bytes, 4);
            if (token["v"]?.AsString() != TokenVersion)
            {
                throw ApiErrors.BadRequest($"invalid continue token: continue key is not valid: server does not recognize this encoded version \"{token["v"]?.AsString()}\"");
            }

            string start = token["start"]?.AsString() ?? string.Empty;
            if (start.Length == 0 || token["rv"]?.AsInteger() is not { } revision || revision == 0)
            {
                throw ApiErrors.BadRequest("invalid continue token: continue key is not valid: incorrect encoded start resourceVersion (version meta.k8s.io/v1)");
            }

            return (revision, start);
        }
        catch (Exception e) when (e is FormatException or JsonException or DecoderFallbackException)
        {
            throw ApiErrors.BadRequest($"invalid continue token: continue key is not valid: {e.Message}");
        }
    }
}
