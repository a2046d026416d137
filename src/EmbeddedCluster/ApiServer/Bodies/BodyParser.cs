using System.Text.Json;
using Bowline.EmbeddedCluster.Kinds;
using Bowline.EmbeddedCluster.Validation;
using Bowline.Resources.Json;
using Bowline.Resources.Model;
using Bowline.Resources.Yaml;

namespace Bowline.EmbeddedCluster.ApiServer.Bodies;

/// <summary>Bytes of a body into a tree, by content type; malformed bodies are 400.</summary>
internal static class BodyParser
{
    private const int MaxDepth = 256;

    // A key of YAML has 1024 characters at most, quotes and escapes included; every character may be written as six.
    private const int LongestYamlKey = 1022 / 6;
    private static readonly YamlReadOptions Options = YamlReadOptions.Kubernetes with { MaxDepth = MaxDepth, MaxNodes = 200_000, DuplicateKeys = DuplicateKeys.LastWins };

    /// <summary>The body of a create or an update; one that is not even readable is told with what it should have been.</summary>
    public static Node Parse(ApiRequest request, ServedKind kind)
    {
        try
        {
            return Parse(request);
        }
        catch (ApiException e) when (e.Code == 400)
        {
            throw Unrecognized(kind, e.Message, request.Body.Span);
        }
    }

    public static ApiException Unrecognized(ServedKind kind, string why, ReadOnlySpan<byte> body) =>
        ApiErrors.BadRequest($"the object provided is unrecognized (must be of type {kind.Kind.Kind}): {why} ({Summary(body)})");

    /// <summary>The patch of a PATCH request.</summary>
    public static Node Patch(ReadOnlySpan<byte> body)
    {
        try
        {
            return JsonReader.Read(body, MaxDepth);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            throw ApiErrors.BadRequest($"error decoding patch: {e.Message}");
        }
    }

    public static MapNode Apply(ReadOnlySpan<byte> body)
    {
        try
        {
            return ParseYaml(body) as MapNode ?? throw ApiErrors.BadRequest("error decoding YAML: error unmarshaling JSON: while decoding JSON: json: cannot unmarshal into Go value of type map[string]interface {}");
        }
        catch (YamlException e)
        {
            throw ApiErrors.BadRequest($"error decoding YAML: error converting YAML to JSON: {e.GoMessage}");
        }
    }

    private static string Summary(ReadOnlySpan<byte> body)
    {
        const int most = 30;
        if (body.IsEmpty)
        {
            return "<empty>";
        }

        string more = body.Length > most ? " ..." : string.Empty;
        ReadOnlySpan<byte> start = body[..Math.Min(most, body.Length)];
        return (body[0] == '{' ? System.Text.Encoding.UTF8.GetString(start) : Convert.ToHexStringLower(start)) + more;
    }

    /// <summary>A body that is about no kind of its own, as options are.</summary>
    public static Node Plain(ApiRequest request) => Parse(request);

    private static Node Parse(ApiRequest request)
    {
        string type = request.MediaType;
        return type switch
        {
            "" or "application/json" => Json(request.Body.Span),
            "application/yaml" => Yaml(request.Body.Span),
            "application/vnd.kubernetes.protobuf" => Protobuf(request.Body.Span),
            _ => throw ApiErrors.UnsupportedMediaType("application/json, application/yaml, application/vnd.kubernetes.protobuf", string.Empty),
        };
    }

    public static Node Json(ReadOnlySpan<byte> body)
    {
        try
        {
            return JsonReader.Read(body, MaxDepth);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            throw ApiErrors.BadRequest($"couldn't get version/kind; json parse error: {e.Message}");
        }
    }

    private static MapNode Protobuf(ReadOnlySpan<byte> body)
    {
        try
        {
            return ProtobufReader.Read(body);
        }
        catch (DecodeException e)
        {
            throw ApiErrors.BadRequest(e.Message);
        }
    }

    public static Node Yaml(ReadOnlySpan<byte> body)
    {
        try
        {
            return ParseYaml(body);
        }
        catch (YamlException e)
        {
            throw ApiErrors.BadRequest(e.GoMessage);
        }
    }

    // Of several documents the first is taken, as the reference does.
    private static Node ParseYaml(ReadOnlySpan<byte> body) =>
        PlainJson(body) ?? (YamlReader.ReadAll(body, Options) is [var first, ..] ? first.Root : Node.Null);

    /// <summary>
    /// Most applies are JSON, which is YAML as well, and is read in a fraction of the time as what it is. Null wherever the two could differ: characters
    /// that YAML does not let pass as they are, escapes that go-yaml does not know (halves of surrogate pairs, the slash), fractions and exponents (1.0 is 1 in YAML), keys too long for it.
    /// </summary>
    private static Node? PlainJson(ReadOnlySpan<byte> body)
    {
        // kubectl ends what it sends with a line break.
        body = body.TrimEnd((byte)'\n');
        bool escapes = body.IndexOf("\\ud"u8) >= 0 || body.IndexOf("\\uD"u8) >= 0 || body.IndexOf("\\/"u8) >= 0;
        if (escapes || body is not [(byte)'{', ..] || body.ContainsAnyExceptInRange((byte)' ', (byte)'~'))
        {
            return null;
        }

        try
        {
            Node root = JsonReader.Read(body, MaxDepth);
            return MeansTheSame(root) ? root : null;
        }
        catch (JsonException)
        {
            // Flow style YAML that is no JSON; or what YAML refuses too, and then in its own words.
            return null;
        }
    }

    private static bool MeansTheSame(Node node)
    {
        switch (node)
        {
            case MapNode map:
                foreach ((string key, Node value) in map)
                {
                    if (key.Length > LongestYamlKey || !MeansTheSame(value))
                    {
                        return false;
                    }
                }

                return true;
            case ListNode list:
                foreach (Node element in list)
                {
                    if (!MeansTheSame(element))
                    {
                        return false;
                    }
                }

                return true;
            default:
                return node is not FloatNode;
        }
    }

    /// <summary>The first key that a YAML body sets twice; the last value counts.</summary>
    public static IEnumerable<string> YamlDuplicates(ReadOnlySpan<byte> body)
    {
        try
        {
            YamlReader.ReadAll(body, Options with { DuplicateKeys = DuplicateKeys.Error });
            return [];
        }
        catch (YamlException e)
        {
            int at = e.Reason.IndexOf(" at line", StringComparison.Ordinal);
            return [$"line {e.Line}: {(at < 0 ? e.Reason : e.Reason[..at])}"];
        }
    }

    /// <summary>Paths of members that occur twice, in the words of strict decoding.</summary>
    public static List<string> Duplicates(ReadOnlySpan<byte> json)
    {
        List<string> found = [];
        Utf8JsonReader reader = new(json, new JsonReaderOptions { MaxDepth = MaxDepth });
        Stack<(string Path, HashSet<string>? Seen, int Index)> open = new();
        string path = string.Empty;
        while (reader.Read())
        {
            switch (reader.TokenType)
            {
                case JsonTokenType.PropertyName:
                    (string container, HashSet<string>? seen, _) = open.Peek();
                    string name = reader.GetString()!;
                    path = container.Length == 0 ? name : $"{container}.{name}";
                    if (!seen!.Add(name))
                    {
                        found.Add(path);
                    }

                    break;
                case JsonTokenType.StartObject:
                    open.Push((Enter(open, path), new HashSet<string>(StringComparer.Ordinal), 0));
                    break;
                case JsonTokenType.StartArray:
                    open.Push((Enter(open, path), null, 0));
                    break;
                case JsonTokenType.EndObject or JsonTokenType.EndArray:
                    open.Pop();
                    break;
                default:
                    break;
            }
        }

        return found;
    }

    private static string Enter(Stack<(string Path, HashSet<string>? Seen, int Index)> open, string path)
    {
        if (open.Count == 0 || open.Peek().Seen is not null)
        {
            return path;
        }

        (string list, _, int index) = open.Pop();
        open.Push((list, null, index + 1));
        return $"{list}[{index}]";
    }
}
