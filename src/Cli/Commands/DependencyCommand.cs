using System.CommandLine;
using Bowline.Rendering.Helm.Dependencies;
using Bowline.Server.Composition;
using Bowline.Server.Composition.Fetching;
using Bowline.Sources.Files;

namespace Bowline.Cli.Commands;

/// <summary><c>bowline dependency build</c>: fills a chart's charts/ folder as <c>helm dependency build</c> does.</summary>
internal static class DependencyCommand
{
    private const string Examples = """
        # Fetch what Chart.lock names, or resolve the ranges of Chart.yaml and write Chart.lock
        bowline dependency build helm/echo
        """;

    public static Command Create(TimeProvider time)
    {
        Command dependency = new("dependency", "Fetch the charts that a chart depends on.") { Build(time) };
        Flags.Finish(dependency, Examples);
        return dependency;
    }

    private static Command Build(TimeProvider time)
    {
        Argument<string> chart = Flags.Path("A chart's folder");
        Option<string?> config = new("--repository-config") { Description = "File of repositories with names and credentials (default: Helm's own)", HelpName = "FILE" };
        Option<bool> plainHttp = new("--plain-http") { Description = "Talk http to OCI registries" };
        Command build = new("build", "Fetch the charts that Chart.lock names into charts/; without a lock, resolve versions and write one.") { chart, config, plainHttp };
        Flags.Finish(build, Examples);
        build.SetAction(async (parse, cancellationToken) =>
        {
            string folder = Path.GetFullPath(parse.GetValue(chart)!);
            if (!File.Exists(Path.Combine(folder, "Chart.yaml")))
            {
                throw new UsageException($"{parse.GetValue(chart)} is not a chart: it has no Chart.yaml");
            }

            using ChartSources sources = new(time, parse.GetValue(config), parse.GetValue(plainHttp));
            DependencyBuild dependencies = new(sources.Repositories, sources.Config);
            BuiltDependencies built = await dependencies.BuildAsync(new DirectoryTree("/"), folder.Trim('/'), cancellationToken).ConfigureAwait(false);
            foreach (string message in built.Messages)
            {
                Console.Out.WriteLine(message);
            }

            Write(folder, built);
            return ExitCodes.Success;
        });
        return build;
    }

    /// <summary>Every file is complete before any is put in place, and none is written through a link.</summary>
    private static void Write(string chart, BuiltDependencies built)
    {
        string folder = Path.Combine(chart, "charts");
        if (built.Charts.Count > 0)
        {
            RefuseLink(folder);
            Directory.CreateDirectory(folder);
        }

        List<(string From, string To)> ready = [];
        foreach ((string name, byte[] archive) in built.Charts)
        {
            string unfinished = Path.Combine(folder, $".{name}.unfinished");
            File.Delete(unfinished);
            File.WriteAllBytes(unfinished, archive);
            ready.Add((unfinished, Path.Combine(folder, name)));
        }

        ready.ForEach(file => File.Move(file.From, file.To, overwrite: true));
        foreach (string name in built.Outdated)
        {
            File.Delete(Path.Combine(folder, name));
        }

        if (built.LockFile is { } lockFile)
        {
            string file = Path.Combine(chart, lockFile);
            RefuseLink(file);
            File.WriteAllText(file, built.LockText);
        }
    }

    private static void RefuseLink(string path)
    {
        if (new FileInfo(path).LinkTarget is not null)
        {
            throw new SourceException($"{path} is a symlink; nothing is written through it", path);
        }
    }
}
