namespace Bowline.Rendering.Kustomize;

/// <summary>A chart that a kustomization takes from a repository.</summary>
/// <param name="Repository">An http(s) address, or <c>oci://host/path</c> below which the chart lies.</param>
/// <param name="Version">A version or a range of them; empty for the newest.</param>
public sealed record RemoteChart(string Repository, string Name, string Version);
