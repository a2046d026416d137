using Bowline.EmbeddedCluster.Validation;

namespace Bowline.EmbeddedCluster.ApiServer;

internal enum BodyEncoding
{
    Json,
    Yaml,
}

internal enum Presentation
{
    Object,
    Table,
    PartialMetadata,
    PartialMetadataList,
}

/// <summary>The form of an answer that a client accepts.</summary>
internal sealed record Accepted(BodyEncoding Encoding, Presentation Presentation, bool IsBetaMeta)
{
    public string ContentType => Encoding == BodyEncoding.Yaml ? "application/yaml" : "application/json";
}

/// <summary>Chooses among what a client accepts, in its order; protobuf is passed over when something else will do.</summary>
internal static class MediaTypes
{
    private const string Supported = "application/json, application/yaml, application/vnd.kubernetes.protobuf";

    public static Accepted Choose(string accept)
    {
        if (accept.Length == 0)
        {
            return new Accepted(BodyEncoding.Json, Presentation.Object, false);
        }

        foreach (string[] clause in Clauses(accept))
        {
            if (Match(clause) is { } accepted)
            {
                return accepted;
            }
        }

        throw ApiErrors.NotAcceptable(Supported);
    }

    /// <summary>Clauses by quality, then as written.</summary>
    private static IEnumerable<string[]> Clauses(string accept) => accept.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)
        .Select(clause => clause.Split(';', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        .Where(clause => clause.Length > 0)
        .OrderByDescending(clause => double.TryParse(Parameter(clause, "q"), System.Globalization.CultureInfo.InvariantCulture, out double q) ? q : 1.0);

    private static Accepted? Match(string[] clause)
    {
        BodyEncoding? encoding = clause[0] switch
        {
            "application/json" or "*/*" or "application/*" => BodyEncoding.Json,
            "application/yaml" => BodyEncoding.Yaml,
            _ => null,
        };
        if (encoding is null)
        {
            return null;
        }

        string shape = Parameter(clause, "as");
        if (shape.Length == 0)
        {
            return new Accepted(encoding.Value, Presentation.Object, false);
        }

        if (Parameter(clause, "g") != "meta.k8s.io" || Parameter(clause, "v") is not ("v1" or "v1beta1"))
        {
            return null;
        }

        Presentation? presentation = shape switch
        {
            "Table" => Presentation.Table,
            "PartialObjectMetadata" => Presentation.PartialMetadata,
            "PartialObjectMetadataList" => Presentation.PartialMetadataList,
            _ => null,
        };
        return presentation is { } found ? new Accepted(encoding.Value, found, Parameter(clause, "v") == "v1beta1") : null;
    }

    private static string Parameter(string[] clause, string name) =>
        clause.Skip(1).Select(part => part.Split('=', 2)).FirstOrDefault(pair => pair.Length == 2 && pair[0].Trim() == name)?[1].Trim() ?? string.Empty;
}
