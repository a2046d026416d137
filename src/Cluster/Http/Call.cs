using System.Net.Http.Headers;
using Bowline.Resources.Model;

namespace Bowline.Cluster.Http;

/// <summary>One request: what to send, and in words what for.</summary>
internal readonly record struct Call(HttpMethod Method, string Path, string Verb, object Subject)
{
    public Node? Body { get; init; }

    public MediaTypeHeaderValue ContentType { get; init; } = MediaTypes.Json;

    public string Accept { get; init; } = "application/json";

    /// <summary>The user in whose name it is asked; empty for the connection's own.</summary>
    public string User { get; init; } = string.Empty;

    /// <summary>Whether sending it twice does no more than sending it once, so that it may be repeated after a lost connection.</summary>
    public bool Repeatable { get; init; } = Method == HttpMethod.Get;

    /// <summary>For messages; only made when something went wrong.</summary>
    public string What => $"{Verb} {Subject}";
}

internal static class MediaTypes
{
    public static readonly MediaTypeHeaderValue Json = new("application/json");
    public static readonly MediaTypeHeaderValue Apply = new("application/apply-patch+yaml");
    public static readonly MediaTypeHeaderValue JsonPatch = new("application/json-patch+json");
    public static readonly MediaTypeHeaderValue MergePatch = new("application/merge-patch+json");
    public static readonly MediaTypeHeaderValue StrategicMergePatch = new("application/strategic-merge-patch+json");
}
