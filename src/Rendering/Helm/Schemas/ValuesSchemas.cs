using Bowline.Rendering.Helm.Charts;
using Bowline.Resources.Model;

namespace Bowline.Rendering.Helm.Schemas;

/// <summary>Checks coalesced values against the values.schema.json of a chart and of its dependencies.</summary>
internal static class ValuesSchemas
{
    public static void Validate(ChartInstance chart, MapNode values)
    {
    }
}
