using System.CommandLine;
using Bowline.Rendering.Requests;
using Bowline.Server.Composition;
using Bowline.Server.Composition.Fetching;

namespace Bowline.Cli.Commands;

/// <summary><c>bowline render</c>: what <c>helm template</c>, <c>kubectl kustomize</c> or a plain directory would give.</summary>
internal static class RenderCommand
{
    private const string Examples = """
        # Print a chart's manifests as 'helm template' does
        bowline render helm/echo --release echo --namespace prod -f helm/echo/values-prod.yaml --set image.tag=v2
        # Print a kustomization as 'kubectl kustomize' does
        bowline render overlays/production
        """;

    public static Command Create()
    {
        HelmFlags helm = new();
        Argument<string> path = Flags.Path("A chart, a kustomization or a folder of manifests");
        Option<string> restrictor = new("--load-restrictor") { Description = "Kustomize: LoadRestrictionsRootOnly or LoadRestrictionsNone", HelpName = "RULE", DefaultValueFactory = _ => "LoadRestrictionsRootOnly" };
        restrictor.AcceptOnlyFromAmong("LoadRestrictionsRootOnly", "LoadRestrictionsNone");
        Option<bool> enableHelm = new("--enable-helm") { Description = "Kustomize: render helmCharts (the default here; =false refuses them)", DefaultValueFactory = _ => true };
        Option<bool> enablePlugins = new("--enable-alpha-plugins") { Description = "Kustomize: accepted; plugins that are programs or containers are refused all the same" };
        Option<bool> remoteFiles = Flags.AllowRemoteFiles();
        Option<bool> recurse = new("--recurse", "-R") { Description = "Plain folders: include subfolders" };
        Command command = new("render", "Print the manifests of a chart, a kustomization or a folder.") { path, restrictor, enableHelm, enablePlugins, remoteFiles, recurse };
        helm.AddTo(command);
        Flags.Finish(command, Examples);
        command.SetAction((parse, cancellationToken) =>
        {
            RenderRequest request = helm.Read(parse, LocalFiles.Request(parse.GetValue(path)!)) with
            {
                Kustomize = new KustomizeOptions
                {
                    AllowFilesOutsideRoot = parse.GetValue(restrictor) == "LoadRestrictionsNone",
                    EnableHelm = parse.GetValue(enableHelm),
                },
                Plain = new PlainOptions { Recurse = parse.GetValue(recurse) },
            };
            using RemoteBases bases = RemoteBases.OfThisUser(TimeProvider.System);
            using ChartSources charts = new(TimeProvider.System);
            using RemoteFiles files = new(TimeProvider.System);
            RenderResult result = Engines.CreateRenderer(bases.Fetch, new RemoteCharts(charts.Repositories).Fetch, parse.GetValue(remoteFiles) ? files.Fetch : null).Render(request, cancellationToken);
            foreach (string warning in result.Warnings)
            {
                Console.Error.WriteLine(warning);
            }

            using Stream output = Console.OpenStandardOutput();
            output.Write(System.Text.Encoding.UTF8.GetBytes(result.Text()));
            return Task.FromResult(ExitCodes.Success);
        });
        return command;
    }
}
