using Bowline.EmbeddedCluster.Kinds;
using Bowline.Resources.Model;
using Bowline.Resources.Schemas;

namespace Bowline.EmbeddedCluster.Definitions;

/// <summary>Turns a CRD into the kinds it serves.</summary>
internal static class DefinitionReader
{
    private static readonly string[] Verbs = ["delete", "deletecollection", "get", "list", "patch", "create", "update", "watch"];
    private static readonly string[] ViewVerbs = ["get", "patch", "update"];

    public static IEnumerable<ServedKind> Read(MapNode definition)
    {
        string group = definition.At("spec", "group")!.AsString()!;
        Node names = definition.At("status", "acceptedNames")!;
        ListNode versions = definition.At("spec", "versions")!.AsList()!;
        string storage = versions.FirstOrDefault(version => version["storage"]?.AsBool() == true)?["name"]?.AsString() ?? string.Empty;
        bool deleting = definition["metadata"]?["deletionTimestamp"] is not null;
        foreach (Node version in versions.Where(version => version["served"]?.AsBool() == true))
        {
            ResourceKind kind = new(group, version["name"]!.AsString()!, names["kind"]!.AsString()!);
            yield return new ServedKind(kind, names["plural"]!.AsString()!, names["singular"]?.AsString() ?? string.Empty, definition.At("spec", "scope")?.AsString() == "Namespaced")
            {
                Verbs = Verbs,
                ShortNames = BuiltInKinds.Strings(names["shortNames"]),
                Categories = BuiltInKinds.Strings(names["categories"]),
                Subresources = [.. Subresources(version, kind)],
                StorageKind = kind with { Version = storage },
                Custom = Custom(definition, version, names, deleting),
            };
        }
    }

    private static CustomKind Custom(MapNode definition, Node version, Node names, bool deleting)
    {
        MapNode? openApi = version.At("schema", "openAPIV3Schema") as MapNode;
        string listKind = names["listKind"]?.AsString() ?? names["kind"]!.AsString() + "List";
        return new CustomKind(definition["metadata"]!["name"]!.AsString()!, listKind, openApi is null ? null : StructuralSchema.FromOpenApi(openApi))
        {
            OpenApi = openApi,
            StorageOpenApi = (definition.At("spec", "versions")?.AsList() ?? []).FirstOrDefault(other => other["storage"]?.AsBool() == true)?.At("schema", "openAPIV3Schema") as MapNode,
            Scale = version.At("subresources", "scale") as MapNode,
            Columns = version["additionalPrinterColumns"] as ListNode,
            SelectableFields = version["selectableFields"] as ListNode,
            PreserveUnknown = definition.At("spec", "preserveUnknownFields")?.AsBool() == true,
            EmbedsObjects = CustomPruning.Embeds(openApi),
            Terminating = deleting,
            Warning = version["deprecated"]?.AsBool() == true
                ? version["deprecationWarning"]?.AsString() ?? DefaultWarning(definition, version["name"]!.AsString()!, names["kind"]!.AsString()!)
                : null,
        };
    }

    private static string DefaultWarning(MapNode definition, string version, string kind)
    {
        string group = definition.At("spec", "group")!.AsString()!;
        string? newer = definition.At("spec", "versions")!.AsList()!
            .Where(other => other["served"]?.AsBool() == true && other["deprecated"]?.AsBool() != true)
            .Select(other => other["name"]!.AsString()!)
            .Where(other => VersionPriority.Comparer.Compare(other, version) < 0)
            .Order(VersionPriority.Comparer)
            .FirstOrDefault();
        return $"{group}/{version} {kind} is deprecated" + (newer is null ? string.Empty : $"; use {group}/{newer} {kind}");
    }

    private static IEnumerable<ServedSubresource> Subresources(Node version, ResourceKind kind)
    {
        if (version.At("subresources", "status") is not null)
        {
            yield return new ServedSubresource("status", kind, ViewVerbs);
        }

        if (version.At("subresources", "scale") is not null)
        {
            yield return new ServedSubresource("scale", new ResourceKind("autoscaling", "v1", "Scale"), ViewVerbs);
        }
    }
}
