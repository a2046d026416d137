using System.CommandLine;
using System.Text;
using System.Text.Json;
using Bowline.Delivery.Health;
using Bowline.Resources.Json;
using Bowline.Resources.Model;
using Bowline.Resources.Yaml;
using Bowline.Server.Composition;

namespace Bowline.Cli.Commands;

/// <summary><c>bowline health</c>: what live objects in files say of themselves, one JSON line a file.</summary>
internal static class HealthCommand
{
    private const string Examples = """
        # One line for each file: {"file":"app.yaml","status":"Healthy","message":""}
        kubectl get deployment web -o yaml > web.yaml && bowline health web.yaml
        # With the Lua health checks of an Argo CD installation
        bowline health --argocd-cm argocd-cm.yaml objects/*.yaml
        """;

    public static Command Create()
    {
        Argument<string[]> files = new("files") { HelpName = "FILE", Description = "Files of live objects, YAML or JSON; - reads standard input", Arity = ArgumentArity.OneOrMore };
        Option<string?> customizations = new("--argocd-cm") { HelpName = "FILE", Description = "An argocd-cm ConfigMap whose resource.customizations are asked first" };
        Command command = new("health", "Print the health of live objects: Healthy, Progressing, Degraded, Suspended, Missing or Unknown.") { files, customizations };
        Flags.Finish(command, Examples);
        command.SetAction((parse, cancellationToken) => Task.FromResult(Run(parse.GetValue(files)!, parse.GetValue(customizations), cancellationToken)));
        return command;
    }

    private static int Run(string[] files, string? customizations, CancellationToken cancellationToken)
    {
        HealthAssessor assessor = new() { Custom = Custom(customizations) };
        bool healthy = true;
        using StreamWriter output = new(Console.OpenStandardOutput(), new UTF8Encoding(false), 1 << 16);
        foreach ((string file, HealthReport report) in files.AsParallel().AsOrdered().WithCancellation(cancellationToken).Select(file => (file, Assess(assessor, file))))
        {
            healthy &= report.Status == HealthStatus.Healthy;
            output.Write(JsonWriter.ToText(new MapNode { ["file"] = file, ["status"] = report.Status.ToString(), ["message"] = report.Message }));
            output.Write('\n');
        }

        return healthy ? ExitCodes.Success : ExitCodes.Failure;
    }

    private static Func<MapNode, HealthReport?> Custom(string? file)
    {
        if (file is null)
        {
            return static _ => null;
        }

        MapNode map = YamlReader.Read(File.ReadAllBytes(file)).AsMap() ?? throw new UsageException($"{file} holds no ConfigMap");
        return ResourceCustomizations.Read(map["data"] as MapNode ?? [], TimeProvider.System).Health;
    }

    /// <summary>A file of several objects is as healthy as the worst of them.</summary>
    private static HealthReport Assess(HealthAssessor assessor, string file)
    {
        try
        {
            MapNode[] objects = [.. Read(file).SelectMany(Flatten)];
            return objects.Length switch
            {
                0 => new HealthReport(HealthStatus.Unknown, "the file holds no object"),
                1 => assessor.Judge(objects[0]),
                _ => HealthAssessor.Worst(objects.Select(live => (IdOf(live), assessor.Judge(live)))),
            };
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or YamlException or JsonException)
        {
            return new HealthReport(HealthStatus.Unknown, exception.Message);
        }
    }

    private static IEnumerable<Node> Read(string file)
    {
        byte[] bytes = file == "-" ? ReadInput() : File.ReadAllBytes(file);
        return YamlReader.ReadAll(bytes).Select(document => document.Root);
    }

    private static byte[] ReadInput()
    {
        using Stream input = Console.OpenStandardInput();
        using MemoryStream all = new();
        input.CopyTo(all);
        return all.ToArray();
    }

    /// <summary>The items of a List in place of the List.</summary>
    private static IEnumerable<MapNode> Flatten(Node node) =>
        node is not MapNode map || map["kind"] is null ? []
        : map["items"] is ListNode items && map["kind"]!.AsString() is { } kind && kind.EndsWith("List", StringComparison.Ordinal) ? items.SelectMany(Flatten)
        : [map];

    private static ResourceId IdOf(MapNode live)
    {
        string version = live["apiVersion"]?.AsString() ?? string.Empty;
        string group = version.Contains('/', StringComparison.Ordinal) ? version[..version.IndexOf('/', StringComparison.Ordinal)] : string.Empty;
        return new ResourceId(group, live["kind"]?.AsString() ?? string.Empty, live.At("metadata", "namespace")?.AsString() ?? string.Empty, live.At("metadata", "name")?.AsString() ?? string.Empty);
    }
}
