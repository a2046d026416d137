using Bowline.Delivery.Health;
using Bowline.Resources.Model;
using Bowline.Resources.Schemas;

namespace Bowline.Applications.ArgoCd;

/// <summary>
/// <c>bowline.dev/depends-on</c>: names of applications, and objects of the application's own cluster as <c>[GROUP/]KIND[/NAMESPACE]/NAME</c>,
/// by commas; <c>bowline.dev/ready-when</c>: CEL that says when each of them is ready.
/// </summary>
internal static class DependencyReader
{
    private const string DependsOn = "bowline.dev/depends-on";
    private const string ReadyWhen = "bowline.dev/ready-when";

    public static IReadOnlyList<string> ReadApplications(Resource resource) => [.. Names(resource).Where(name => !name.Contains('/', StringComparison.Ordinal))];

    /// <exception cref="ApplicationException">One of them is not written as an object is.</exception>
    public static IReadOnlyList<ResourceId> ReadObjects(Resource resource) => [.. Names(resource).Where(name => name.Contains('/', StringComparison.Ordinal)).Select(name => ReadObject(resource, name))];

    /// <exception cref="ApplicationException">It is not CEL, or goes with nothing.</exception>
    public static ReadyExpression? ReadReadyWhen(Resource resource)
    {
        if (resource.Annotation(ReadyWhen) is not { Length: > 0 } text)
        {
            return null;
        }

        try
        {
            return Names(resource).Count > 0 ? ReadyExpression.Parse(text.Trim()) : throw ArgoCdDialect.Fault(resource, $"has {ReadyWhen} and no {DependsOn} that it could be said of");
        }
        catch (FormatException wrong)
        {
            throw ArgoCdDialect.Fault(resource, $"has a {ReadyWhen} that cannot be used: {wrong.Message}");
        }
    }

    private static IReadOnlyList<string> Names(Resource resource) => PolicyReader.ReadList(resource.Annotation(DependsOn), ',');

    private static ResourceId ReadObject(Resource resource, string name)
    {
        // Kinds begin with a capital letter, groups never do.
        string[] parts = name.Split('/');
        string[] rest = parts.Length > 1 && !char.IsAsciiLetterUpper(parts[0].FirstOrDefault()) ? parts[1..] : parts;
        string group = rest.Length < parts.Length ? parts[0] : string.Empty;
        bool isKind = char.IsAsciiLetterUpper(rest[0].FirstOrDefault()) && rest.All(part => part.Length > 0);
        if (isKind && group.Length == 0 && KubernetesKinds.Find(group, rest[0]) is null)
        {
            string home = KubernetesKinds.All.FirstOrDefault(known => known.Kind.Kind == rest[0])?.Kind.Group ?? "GROUP";
            throw ArgoCdDialect.Fault(resource, $"depends on {name}, and without a group there is no kind {rest[0]}: write {home}/{name}");
        }

        return (isKind, rest) switch
        {
            (true, [var kind, var own]) => new ResourceId(group, kind, string.Empty, own),
            (true, [var kind, var @namespace, var own]) => new ResourceId(group, kind, @namespace, own),
            _ => throw ArgoCdDialect.Fault(resource, $"depends on {name}, which is neither an application's name nor an object as in apps/Deployment/shop/web, Secret/shop/key or Namespace/shop"),
        };
    }
}
