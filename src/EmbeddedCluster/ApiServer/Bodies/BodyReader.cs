using Bowline.EmbeddedCluster.ApiServer.Strategies;
using Bowline.EmbeddedCluster.Kinds;
using Bowline.EmbeddedCluster.Validation;
using Bowline.Resources.Merging;
using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.ApiServer.Bodies;

/// <summary>Turns a parsed body into an object of its kind: header checked, unknown fields handled, canonical form.</summary>
internal static class BodyReader
{
    /// <param name="duplicates">Duplicate members that the parser met.</param>
    /// <param name="sent">The body as it was sent, for errors that quote it.</param>
    public static MapNode Read(ServedKind kind, Node body, WriteContext context, IReadOnlyList<string>? duplicates = null, ReadOnlyMemory<byte> sent = default)
    {
        // A body of null is an object without fields, as JSON decoding into a Go struct has it.
        if (body is NullNode && kind.Custom is not null)
        {
            throw KindMissing(kind, "null", context, sent);
        }

        MapNode map = body is NullNode ? [] : body as MapNode ?? throw BodyParser.Unrecognized(kind, $"couldn't get version/kind; json parse error: json: cannot unmarshal {GoNotation.JsonKind(body)} into Go value of type struct {{ APIVersion string \"json:\\\"apiVersion,omitempty\\\"\"; Kind string \"json:\\\"kind,omitempty\\\"\" }}", sent.Span);
        CheckHeader(kind, map, context, sent);
        ObjectDecoder decoder = new();
        MapNode decoded = Decode(kind, map, decoder);
        decoded = WithHeader(kind, decoded);
        context.Emptied.AddRange(decoder.Emptied);
        string[] problems = [.. duplicates ?? [], .. decoder.Unknown.Select(path => $"unknown field \"{path}\"")];
        Report(kind, problems, context);
        return decoded;
    }

    /// <summary>Reads a body that differs from a live object in its status; parts that are the very nodes of the live object are shared with it.</summary>
    public static MapNode ReadStatus(ServedKind kind, MapNode body, MapNode live, WriteContext context)
    {
        MapNode sent = new(body.Count);
        foreach ((string key, Node value) in body)
        {
            if (key == "metadata" && value is MapNode metadata)
            {
                sent["metadata"] = WithoutShared(metadata, live["metadata"]);
            }
            else if (!ReferenceEquals(value, live[key]))
            {
                sent[key] = value;
            }
        }

        MapNode decoded = Read(kind, sent, context);
        MapNode result = new(live.Count + 1);
        foreach ((string key, Node value) in live)
        {
            if (ReferenceEquals(body[key], value) && key != "metadata")
            {
                result[key] = value;
            }
            else if (decoded[key] is { } own)
            {
                result[key] = own;
            }
        }

        foreach ((string key, Node value) in decoded)
        {
            if (!result.ContainsKey(key))
            {
                result[key] = value;
            }
        }

        return result;
    }

    // The server keeps the managedFields of a body that does not mention them.
    private static MapNode WithoutShared(MapNode metadata, Node? live)
    {
        if (live?["managedFields"] is not { } fields || !ReferenceEquals(metadata["managedFields"], fields))
        {
            return metadata;
        }

        MapNode rest = new(metadata.Count);
        foreach ((string key, Node value) in metadata)
        {
            if (key != "managedFields")
            {
                rest[key] = value;
            }
        }

        return rest;
    }

    /// <param name="structured">See <see cref="ObjectDecoder"/>.</param>
    public static MapNode Canonical(ServedKind kind, MapNode node, out IReadOnlyList<string> unknown, bool structured = false)
    {
        ObjectDecoder decoder = new(structured);
        MapNode decoded = WithHeader(kind, Decode(kind, node, decoder));
        unknown = decoder.Unknown;
        return decoded;
    }

    private static void Report(ServedKind kind, string[] problems, WriteContext context)
    {
        if (problems.Length == 0 || context.FieldValidation == FieldValidation.Ignore)
        {
            return;
        }

        if (context.FieldValidation == FieldValidation.Strict)
        {
            throw ApiErrors.BadRequest($"{kind.Kind.Kind} in version \"{kind.Kind.Version}\" cannot be handled as a {kind.Kind.Kind}: strict decoding error: {string.Join(", ", problems)}");
        }

        foreach (string problem in problems)
        {
            context.Warn(problem);
        }
    }

    private static void CheckHeader(ServedKind kind, MapNode body, WriteContext context, ReadOnlyMemory<byte> sent)
    {
        string apiVersion = body["apiVersion"]?.AsString() ?? string.Empty;
        string name = body["kind"]?.AsString() ?? string.Empty;
        if (kind.Custom is not null && name.Length == 0)
        {
            throw KindMissing(kind, sent.IsEmpty ? Bowline.Resources.Json.JsonWriter.ToText(body) : System.Text.Encoding.UTF8.GetString(sent.Span), context, sent);
        }

        if (kind.Custom is not null && apiVersion != kind.Kind.ApiVersion)
        {
            // No schema belongs to such a body, so all of it is unknown.
            string[] unknown = [.. body.Keys.Where(key => key is not ("apiVersion" or "kind" or "metadata")).Select(key => $"unknown field \"{key}\"")];
            Report(kind, unknown, context);
            throw ApiErrors.BadRequest($"the API version in the data ({apiVersion}) does not match the expected API version ({kind.Kind.ApiVersion})");
        }

        if (kind.Custom is not null && name != kind.Kind.Kind)
        {
            throw ApiErrors.Invalid(kind.Kind.Group, name, body["metadata"]?["name"]?.AsString() ?? string.Empty, [FieldError.Invalid("kind", name, $"must be {kind.Kind.Kind}")]);
        }

        if ((apiVersion.Length == 0 || apiVersion == kind.Kind.ApiVersion) && (name.Length == 0 || name == kind.Kind.Kind))
        {
            return;
        }

        throw kind.Custom is null ? Mismatch(kind, ResourceKind.Of(apiVersion.Length > 0 ? apiVersion : kind.Kind.ApiVersion, name.Length > 0 ? name : kind.Kind.Kind)) : ApiErrors.BadRequest("the body is of another kind");
    }

    // A body that nobody looks into for unknown fields is read by another decoder, which says where it failed.
    private static ApiException KindMissing(ServedKind kind, string text, WriteContext context, ReadOnlyMemory<byte> sent)
    {
        string why = $"Object 'Kind' is missing in '{text}'";
        return context.FieldValidation == FieldValidation.Ignore
            ? ApiErrors.BadRequest($"{kind.Kind.Kind} in version \"{kind.Kind.Version}\" cannot be handled as a {kind.Kind.Kind}: {why}")
            : BodyParser.Unrecognized(kind, why, sent.Span);
    }

    private static ApiException Mismatch(ServedKind kind, ResourceKind sent)
    {
        if (!FormerVersions.Knows(sent))
        {
            return ApiErrors.BadRequest($"{sent.Kind} in version \"{sent.Version}\" cannot be handled as a {kind.Kind.Kind}: no kind \"{sent.Kind}\" is registered for version \"{sent.ApiVersion}\" in scheme \"pkg/api/legacyscheme/scheme.go:30\"");
        }

        string package = kind.Kind.Group.Length == 0 ? "core" : kind.Kind.Group.Split('.')[0];
        return sent.Kind == kind.Kind.Kind && sent.Group == kind.Kind.Group
            ? ApiErrors.BadRequest($"the API version in the data ({sent.ApiVersion}) does not match the expected API version ({kind.Kind.ApiVersion})")
            : ApiErrors.BadRequest($"{sent.Kind} in version \"{sent.Version}\" cannot be handled as a {kind.Kind.Kind}: converting ({sent.Version}.{sent.Kind}) to ({package}.{kind.Kind.Kind}): unknown conversion");
    }

    private static MapNode Decode(ServedKind kind, MapNode body, ObjectDecoder decoder)
    {
        try
        {
            return kind.Type is { } type ? decoder.Decode(body, type) : CustomObjects.Decode(kind, body, decoder);
        }
        catch (DecodeException e)
        {
            throw ApiErrors.BadRequest($"{kind.Kind.Kind} in version \"{kind.Kind.Version}\" cannot be handled as a {kind.Kind.Kind}: {e.Message}");
        }
    }

    private static MapNode WithHeader(ServedKind kind, MapNode decoded)
    {
        MapNode result = new(decoded.Count + 2) { ["kind"] = kind.Kind.Kind, ["apiVersion"] = kind.Kind.ApiVersion };
        result["metadata"] = decoded["metadata"] is MapNode metadata ? metadata : new MapNode();
        foreach ((string key, Node value) in decoded)
        {
            if (key is not ("kind" or "apiVersion" or "metadata"))
            {
                result[key] = value;
            }
        }

        return result;
    }
}
