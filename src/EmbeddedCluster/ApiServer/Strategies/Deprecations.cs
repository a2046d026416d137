namespace Bowline.EmbeddedCluster.ApiServer.Strategies;

/// <summary>Built-in kinds that warn whoever uses them.</summary>
internal static class Deprecations
{
    public static string? Of(RequestTarget target) => (target.Group, target.Version, target.Resource) switch
    {
        ("", "v1", "endpoints") => "v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice",
        ("", "v1", "componentstatuses") => "v1 ComponentStatus is deprecated in v1.19+",
        _ => null,
    };
}
