using Bowline.EmbeddedCluster.Validation;

namespace Bowline.EmbeddedCluster.ApiServer;

/// <summary>What a request is about, read from its path as Kubernetes' RequestInfo does.</summary>
internal sealed record RequestTarget(string Verb, string Path)
{
    public bool IsResource { get; init; }

    public string Group { get; init; } = string.Empty;

    public string Version { get; init; } = string.Empty;

    public string Resource { get; init; } = string.Empty;

    public string Subresource { get; init; } = string.Empty;

    /// <summary>Null for requests across all namespaces and for cluster-scoped resources.</summary>
    public string? Namespace { get; init; }

    public string Name { get; init; } = string.Empty;

    /// <summary>Path segments after a subresource (proxy paths).</summary>
    public string Rest { get; init; } = string.Empty;

    public static RequestTarget Parse(ApiRequest request)
    {
        string[] parts = request.Path.Split('/', StringSplitOptions.RemoveEmptyEntries);
        if (parts.Length < 3 || parts[0] is not ("api" or "apis") || (parts[0] == "apis" && parts.Length < 4))
        {
            return new RequestTarget(request.Method.ToLowerInvariant(), request.Path);
        }

        bool core = parts[0] == "api";
        string group = core ? string.Empty : parts[1];
        string version = core ? parts[1] : parts[2];
        string[] rest = parts[(core ? 2 : 3)..];
        return ParseResource(request, group, version, rest);
    }

    private static RequestTarget ParseResource(ApiRequest request, string group, string version, string[] rest)
    {
        string? @namespace = null;
        bool deprecatedWatch = rest[0] == "watch" && rest.Length > 1;
        if (deprecatedWatch)
        {
            rest = rest[1..];
        }

        if (rest[0] == "namespaces" && rest.Length >= 2)
        {
            // "namespaces/x/status" is the namespace's own subresource, "namespaces/x/pods" a resource in it.
            bool own = rest.Length == 2 || (rest.Length == 3 && rest[2] is "status" or "finalize");
            @namespace = rest[1];
            if (!own)
            {
                rest = rest[2..];
            }
        }

        string name = rest.Length > 1 ? rest[1] : string.Empty;
        string subresource = rest.Length > 2 ? rest[2] : string.Empty;
        return new RequestTarget(VerbOf(request, name, deprecatedWatch), request.Path)
        {
            IsResource = true,
            Group = group,
            Version = version,
            Resource = rest[0],
            Namespace = @namespace,
            Name = name.Length == 0 ? NameInSelector(request) : name,
            Subresource = subresource,
            Rest = rest.Length > 3 ? string.Join('/', rest[3..]) : string.Empty,
        }
        with { Verb = VerbOf(request, name, deprecatedWatch) };
    }

    private static string NameInSelector(ApiRequest request)
    {
        string selector = request.Parameter("fieldSelector");
        return request.Method == "GET" && selector.StartsWith("metadata.name=", StringComparison.Ordinal) && !selector.Contains(',', StringComparison.Ordinal) ? selector["metadata.name=".Length..] : string.Empty;
    }

    private static string VerbOf(ApiRequest request, string name, bool deprecatedWatch) => request.Method switch
    {
        "POST" => "create",
        "PUT" => "update",
        "PATCH" => "patch",
        "DELETE" => name.Length == 0 ? "deletecollection" : "delete",
        "GET" or "HEAD" => deprecatedWatch || (name.Length == 0 && request.Flag("watch")) ? "watch" : name.Length == 0 ? "list" : "get",
        _ => string.Empty,
    };
}
