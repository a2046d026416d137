using Bowline.Tests;
using System.Text;
using System.Text.RegularExpressions;
using Bowline.Languages.GoTemplates.Evaluating;
using Bowline.Languages.GoTemplates.Parsing;
using Bowline.Languages.GoTemplates.Sprig;
using Bowline.Languages.GoTemplates.Values;
using Bowline.Resources.Json;
using Bowline.Resources.Model;
using Bowline.Resources.Yaml;

namespace Bowline.Languages.Tests.GoTemplates;

/// <summary>Runs the language part of the Helm goldens: own charts whose templates need little of Helm beyond include, tpl and values.</summary>
internal static class GoldenCharts
{
    public static IEnumerable<string> Cases(params string[] families) =>
        Directory.GetDirectories(SharedFolder.Goldens("helm")).Select(path => Path.GetFileName(path)!)
            .Where(name => families.Any(family => name.StartsWith(family, StringComparison.Ordinal)))
            .Order(StringComparer.Ordinal);

    public static string Folder(string name) => Path.Combine(SharedFolder.Goldens("helm"), name);

    public static string Render(string name, string template = "out.yaml")
    {
        string chart = Path.Combine(Folder(name), "chart");
        string templates = Path.Combine(chart, "templates");
        Harness harness = new();
        foreach (string file in Directory.GetFiles(templates, "*", SearchOption.AllDirectories)
            .OrderByDescending(file => file.Count(c => c == '/')).ThenByDescending(file => file, StringComparer.Ordinal))
        {
            harness.Set.Parse("t/templates/" + Path.GetRelativePath(templates, file), File.ReadAllText(file));
        }

        string values = Path.Combine(chart, "values.yaml");
        Node tree = File.Exists(values) ? YamlReader.Read(File.ReadAllBytes(values), YamlReadOptions.HelmValues) : new MapNode();
        return harness.Execute("t/templates/" + template, Data(tree)).Replace("<no value>", string.Empty, StringComparison.Ordinal);
    }

    private static GoMap Data(Node values)
    {
        GoType valuesType = GoType.Named("chartutil.Values", GoType.Map);
        MapNode root = new()
        {
            ["Values"] = new GoMap(valuesType, values as MapNode ?? []),
            ["Release"] = new MapNode
            {
                ["Name"] = "rel", ["Namespace"] = "default", ["IsInstall"] = true, ["IsUpgrade"] = false, ["Revision"] = GoInteger.Int(1), ["Service"] = "Helm",
            },
            ["Chart"] = new GoObject(GoType.Struct("struct { chart.Metadata; IsRoot bool }"), [new("Name", "t"), new("Version", "0.1.0"), new("IsRoot", true)]),
            ["Template"] = new GoMap(valuesType, new MapNode { ["Name"] = "t/templates/out.yaml", ["BasePath"] = "t/templates" }),
            ["Files"] = new GoMap(GoType.Named("engine.files", GoType.MapOf(GoType.Bytes)), []),
            ["Capabilities"] = Capabilities(),
        };
        return new GoMap(valuesType, root);
    }

    private static GoObject Capabilities()
    {
        GoObject version = new(GoType.Struct("chartutil.KubeVersion"),
            [new("Version", "v1.32.0"), new("Major", "1"), new("Minor", "32")],
            new Dictionary<string, GoFunction> { ["GitVersion"] = new(_ => "v1.32.0"), ["String"] = new(_ => "v1.32.0") }) { Display = "v1.32.0" };
        return new GoObject(GoType.PointerTo(GoType.Struct("chartutil.Capabilities")), [new("KubeVersion", version), new("APIVersions", new GoMap(GoType.Named("chartutil.VersionSet", GoType.Map), [], name => name == "Has" ? new GoFunction(call => call.Text(0) == "v1", GoType.String) : null))]);
    }

    private sealed class Harness
    {
        private readonly FunctionTable functions;
        private readonly Dictionary<string, int> included = [];

        public Harness()
        {
            functions = SprigFunctions.Table.With(new Dictionary<string, GoFunction>
            {
                ["include"] = new(Include, GoType.String, GoType.Any),
                ["tpl"] = new(Tpl, GoType.String, GoType.Any),
                ["required"] = new(call => call[1] is NullNode ? throw new GoError(call.Text(0)) : call[1], GoType.String, GoType.Any),
                ["toYaml"] = new(call => YamlWriter.ToText(GoTree.ToPlain(call[0])).TrimEnd('\n'), GoType.Any),
                ["fromJson"] = new(FromJson, GoType.String),
                ["fromJsonArray"] = new(FromJsonArray, GoType.String),
            });
            Set = new TemplateSet(functions);
        }

        public TemplateSet Set { get; private set; }

        public string Execute(string name, Node data) =>
            Set.Execute(name, data, new TemplateRun(functions) { MissingKey = MissingKey.Zero, Random = new Random(1) });

        private Node Include(FunctionCall call)
        {
            string name = call.Text(0);
            int depth = included.GetValueOrDefault(name);
            if (depth > 1000)
            {
                throw new GoError($"rendering template has a nested reference name: {name}: unable to execute template");
            }

            included[name] = depth + 1;
            string text = Set.Execute(name, call[1], call.Run);
            included[name] = depth;
            return text;
        }

        private Node Tpl(FunctionCall call)
        {
            TemplateSet outer = Set;
            try
            {
                Set = outer.Clone();
                try
                {
                    Set.Parse("gotpl", call.Text(0));
                }
                catch (TemplateException exception)
                {
                    throw new GoError($"cannot parse template {GoText.Quote(call.Text(0))}: {exception.Message}", exception);
                }

                return Set.Execute("gotpl", call[1], call.Run).Replace("<no value>", string.Empty, StringComparison.Ordinal);
            }
            catch (TemplateException exception)
            {
                throw new GoError($"error during tpl function execution for {GoText.Quote(call.Text(0))}: {exception.Message}", exception);
            }
            finally
            {
                Set = outer;
            }
        }

        private static Node FromJson(FunctionCall call) =>
            !Languages.GoTemplates.Printing.GoJson.TryRead(call.Text(0), out Node? node, out string? error) ? new MapNode { ["Error"] = error }
            : node is MapNode ? node
            : node is NullNode ? new MapNode()
            : new MapNode { ["Error"] = $"json: cannot unmarshal {(node is ListNode ? "array" : "value")} into Go value of type map[string]interface {{}}" };

        private static Node FromJsonArray(FunctionCall call) =>
            !Languages.GoTemplates.Printing.GoJson.TryRead(call.Text(0), out Node? node, out string? error) ? new ListNode(error)
            : node is ListNode ? node
            : new ListNode($"json: cannot unmarshal {(node is MapNode ? "object" : "value")} into Go value of type []interface {{}}");
    }
}
