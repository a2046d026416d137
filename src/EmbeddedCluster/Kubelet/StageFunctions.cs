using System.Globalization;
using Bowline.EmbeddedCluster.Controllers;
using Bowline.Languages.GoTemplates.Values;
using Bowline.Resources.Json;
using Bowline.Resources.Model;
using Bowline.Resources.Yaml;

namespace Bowline.EmbeddedCluster.Kubelet;

/// <summary>The functions that KWOK gives its templates beside sprig's, for one object.</summary>
internal static class StageFunctions
{
    public static IReadOnlyDictionary<string, GoFunction> For(DateTimeOffset started, DateTimeOffset now, string hostIP, string version, Func<string> podIP) =>
        new Dictionary<string, GoFunction>(StringComparer.Ordinal)
        {
            ["Now"] = Of(_ => StringNode.Of(now.Stamp())),
            ["StartTime"] = Of(_ => StringNode.Of(started.Stamp())),
            ["Quote"] = Of(call => StringNode.Of(JsonWriter.ToText(StringNode.Of(First(call))))),
            ["YAML"] = Of(call => StringNode.Of(call.Count == 0 ? string.Empty : YamlWriter.ToText(GoTree.ToPlain(call[0])))),
            ["Version"] = Of(_ => StringNode.Of(version)),
            ["NodeIP"] = Of(_ => StringNode.Of(hostIP)),
            ["NodeIPWith"] = Of(_ => StringNode.Of(hostIP)),
            ["NodePort"] = Of(_ => IntegerNode.Of(10250)),
            ["NodeName"] = Of(call => StringNode.Of(First(call))),
            ["PodIP"] = Of(_ => StringNode.Of(podIP())),
            ["PodIPWith"] = Of(_ => StringNode.Of(podIP())),
            ["UnixTimeSeconds"] = Of(_ => StringNode.Of(now.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture))),
        };

    private static GoFunction Of(FunctionBody body) => GoFunction.Variadic(body, GoType.Any);

    private static string First(FunctionCall call) => call.Count == 0 ? string.Empty : StageExpression.TextOf(call[0]);
}
