using Bowline.Rendering.Requests;
using Bowline.Resources.Model;
using Bowline.Resources.Yaml;

namespace Bowline.Applications.ArgoCd;

/// <summary>The <c>helm</c> part of a source: Argo CD's words for what <c>helm template</c> takes.</summary>
internal static class HelmSource
{
    public static HelmOptions Read(Node? helm)
    {
        ListNode parameters = helm?["parameters"] as ListNode ?? [];
        return new HelmOptions
        {
            ValueFiles = ArgoCdDialect.Texts(helm?["valueFiles"]),
            IgnoreMissingValueFiles = helm?["ignoreMissingValueFiles"]?.AsBool() ?? false,
            Values = ReadValues(helm),
            Set = [.. parameters.Where(parameter => parameter["forceString"]?.AsBool() != true).Select(Assignment)],
            SetString = [.. parameters.Where(parameter => parameter["forceString"]?.AsBool() == true).Select(Assignment)],
            SetFile = [.. (helm?["fileParameters"] as ListNode ?? []).Select(file => $"{ArgoCdDialect.Text(file["name"])}={ArgoCdDialect.Text(file["path"])}")],
            IncludeCrds = helm?["skipCrds"]?.AsBool() != true,
            SkipSchemaValidation = helm?["skipSchemaValidation"]?.AsBool() == true,
            SkipTests = helm?["skipTests"]?.AsBool() == true,
        };
    }

    /// <summary><c>valuesObject</c> takes precedence over the text in <c>values</c>.</summary>
    private static MapNode? ReadValues(Node? helm)
    {
        if (helm?["valuesObject"] is MapNode values)
        {
            return values;
        }

        return helm?["values"]?.AsString() is { Length: > 0 } text
            ? YamlReader.Read(text, YamlReadOptions.HelmValues with { FileName = "spec.source.helm.values" }) as MapNode
            : null;
    }

    // Argo CD escapes commas, so that a parameter's value is one value and never a list.
    private static string Assignment(Node parameter) =>
        $"{ArgoCdDialect.Text(parameter["name"])}={ArgoCdDialect.Text(parameter["value"]).Replace(",", "\\,", StringComparison.Ordinal)}";
}
