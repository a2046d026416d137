using System.Text;
using Bowline.Cluster.Requests;

namespace Bowline.Cluster.Http;

/// <summary>Builds request paths and queries; a name that would climb in the path is refused.</summary>
internal static class RequestPath
{
    public static string Of(KindInfo kind, string @namespace) =>
        kind.Namespaced && @namespace.Length > 0
            ? $"{kind.BasePath}/namespaces/{Segment(@namespace)}/{kind.Plural}"
            : $"{kind.BasePath}/{kind.Plural}";

    public static string Of(ObjectKey key)
    {
        if (key.Kind.Namespaced && key.Namespace.Length == 0)
        {
            throw new ClusterException($"{key.Id}: a {key.Kind.Kind.Kind} needs a namespace", 400, "BadRequest");
        }

        string path = $"{Of(key.Kind, key.Namespace)}/{Segment(key.Name)}";
        return key.Subresource.Length == 0 ? path : $"{path}/{string.Join('/', key.Subresource.Split('/').Select(Segment))}";
    }

    public static string Write(string path, WriteOptions options, bool fieldManager = true, bool force = false)
    {
        Query query = new(path);
        query.Add("fieldManager", fieldManager ? options.FieldManager : string.Empty);
        query.Add("force", force ? "true" : string.Empty);
        query.Add("dryRun", options.DryRun ? "All" : string.Empty);
        query.Add("fieldValidation", options.FieldValidation);
        return query.ToString();
    }

    private static string Segment(string name) =>
        name.Length == 0 || name is "." or ".." || name.AsSpan().IndexOfAny("/%\\?#") >= 0
            ? throw new ClusterException($"\"{name}\" cannot be the name of an object", 400, "BadRequest")
            : Uri.EscapeDataString(name);
}

/// <summary>A path with parameters; empty ones are left out.</summary>
internal sealed class Query(string path)
{
    private readonly StringBuilder text = new(path);
    private char separator = '?';

    public Query Add(string name, string value)
    {
        if (value.Length > 0)
        {
            text.Append(separator).Append(name).Append('=').Append(Uri.EscapeDataString(value));
            separator = '&';
        }

        return this;
    }

    public override string ToString() => text.ToString();
}
