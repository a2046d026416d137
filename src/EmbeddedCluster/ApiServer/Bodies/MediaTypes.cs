using Bowline.EmbeddedCluster.Validation;

namespace Bowline.EmbeddedCluster.ApiServer.Bodies;

internal enum BodyEncoding
{
    Json,
    Yaml,
    Protobuf,
}

internal enum Presentation
{
    Object,
    Table,
    PartialMetadata,
    PartialMetadataList,

    /// <summary>All groups, versions and resources in one document.</summary>
    GroupDiscovery,
}

/// <summary>The form of an answer that a client accepts.</summary>
internal sealed record Accepted(BodyEncoding Encoding, Presentation Presentation, bool IsBetaMeta)
{
    public string ContentType => Presentation == Presentation.GroupDiscovery ? Type + MediaTypes.GroupDiscovery : Type;

    private string Type => Encoding switch
    {
        BodyEncoding.Yaml => "application/yaml",
        BodyEncoding.Protobuf => MediaTypes.Protobuf,
        _ => "application/json",
    };
}

/// <summary>Chooses among what a client accepts, in its order; protobuf is taken for built-in kinds.</summary>
internal static class MediaTypes
{
    public const string Protobuf = "application/vnd.kubernetes.protobuf";

    /// <summary>What follows the media type of aggregated discovery.</summary>
    public const string GroupDiscovery = ";g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";
    private static readonly Accepted Plain = new(BodyEncoding.Json, Presentation.Object, false);
    private const string Supported = "application/json, application/yaml, application/vnd.kubernetes.protobuf";

    /// <summary>For watches, whose frames are JSON; a client that accepts nothing of the kind gets no body either.</summary>
    /// <param name="isCustom">Custom resources are refused in words of their own.</param>
    public static Accepted ChooseStream(string accept, bool hasWireFormat, bool isCustom = false)
    {
        Accepted accepted = Choose(accept, hasWireFormat, isCustom);
        return accepted.Encoding != BodyEncoding.Yaml ? accepted
            : throw (isCustom ? ApiErrors.NotAcceptableForm($"only the following media types are accepted: application/json;stream=watch, {Protobuf};stream=watch") : ApiErrors.NotAcceptable(Supported));
    }

    /// <summary>The form that an error is told in: what the client accepts, JSON when that is nothing.</summary>
    public static Accepted ForErrors(string accept)
    {
        foreach (string[] clause in Clauses(accept))
        {
            if (EncodingOf(clause[0]) is { } encoding)
            {
                return new Accepted(encoding, Presentation.Object, false);
            }
        }

        return new Accepted(BodyEncoding.Json, Presentation.Object, false);
    }

    /// <param name="hasWireFormat">Whether the answer can be written as protobuf; custom resources cannot.</param>
    /// <inheritdoc cref="ChooseStream" path="/param[@name='isCustom']"/>
    public static Accepted Choose(string accept, bool hasWireFormat = false, bool isCustom = false) => First(accept, hasWireFormat, Match, isCustom);

    /// <summary>For /api, /apis and what is below: only the two roots are served aggregated, and nothing else has another form.</summary>
    public static Accepted ChooseDiscovery(string accept, bool isRoot) => First(accept, hasWireFormat: true, clause => EncodingOf(clause[0]) switch
    {
        null => null,
        { } encoding when Parameter(clause, "as").Length == 0 => new Accepted(encoding, Presentation.Object, false),
        { } encoding when isRoot && Parameter(clause, "as") == "APIGroupDiscoveryList" && Parameter(clause, "g") == "apidiscovery.k8s.io" && Parameter(clause, "v") == "v2" =>
            new Accepted(encoding, Presentation.GroupDiscovery, false),
        _ => null,
    });

    private static Accepted First(string accept, bool hasWireFormat, Func<string[], Accepted?> match, bool isCustom = false)
    {
        if (accept is "" or "application/json")
        {
            return Plain;
        }

        bool known = false;
        foreach (string[] clause in Clauses(accept))
        {
            if (match(clause) is { } accepted && (hasWireFormat || accepted.Encoding != BodyEncoding.Protobuf))
            {
                return accepted;
            }

            known |= EncodingOf(clause[0]) is { } encoding && (hasWireFormat || encoding != BodyEncoding.Protobuf);
        }

        throw known || isCustom ? ApiErrors.NotAcceptableForm($"only the following media types are accepted: {Supported}") : ApiErrors.NotAcceptable(Supported);
    }

    /// <summary>Clauses by quality, then as written.</summary>
    private static IEnumerable<string[]> Clauses(string accept) => accept.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)
        .Select(clause => clause.Split(';', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        .Where(clause => clause.Length > 0)
        .OrderByDescending(clause => double.TryParse(Parameter(clause, "q"), System.Globalization.CultureInfo.InvariantCulture, out double q) ? q : 1.0);

    private static Accepted? Match(string[] clause)
    {
        BodyEncoding? encoding = EncodingOf(clause[0]);
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
        // Tables have no wire format.
        return presentation is { } found && (found != Presentation.Table || encoding != BodyEncoding.Protobuf) ? new Accepted(encoding.Value, found, Parameter(clause, "v") == "v1beta1") : null;
    }

    private static BodyEncoding? EncodingOf(string type) => type switch
    {
        "application/json" or "*/*" => BodyEncoding.Json,
        "application/yaml" => BodyEncoding.Yaml,
        Protobuf => BodyEncoding.Protobuf,
        _ => null,
    };

    private static string Parameter(string[] clause, string name) =>
        clause.Skip(1).Select(part => part.Split('=', 2)).FirstOrDefault(pair => pair.Length == 2 && pair[0].Trim() == name)?[1].Trim() ?? string.Empty;
}
