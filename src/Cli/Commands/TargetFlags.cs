using System.CommandLine;
using Bowline.Applications.Placing;
using Bowline.Applications.Sourcing;
using Bowline.EmbeddedCluster.Kubelet;
using Bowline.Server.Composition;
using Bowline.Server.Composition.Up;

namespace Bowline.Cli.Commands;

/// <summary>Which repository and which clusters: the flags that <c>up</c> and <c>diff</c> share.</summary>
internal sealed class TargetFlags
{
    private readonly Option<string> state = Text("--state", "Keep the embedded clusters in this directory across runs", "DIR");
    private readonly Option<string[]> repoMap = Flags.Many("--repo-map", "Use a folder for a repository URL (repeatable)", "URL=PATH");
    private readonly Option<string[]> clusters = Flags.Many("--cluster", "Put the applications that match on a cluster of this name (repeatable)", "NAME=GLOB,...");
    private readonly Option<bool> oneCluster = new("--one-cluster") { Description = "Put all applications on one embedded cluster; the first owner of a shared object keeps it" };
    private readonly Option<bool> strict = new("--strict") { Description = "Assume nothing: missing CRDs and Secrets are errors, as on a real cluster" };
    private readonly Option<bool> remoteFiles = Flags.AllowRemoteFiles();
    private readonly NodeFlags nodes = new(SimulatedNodeOptions.Default.Count);
    private readonly Option<string> kubeconfig = Text("--kubeconfig", "Use a real cluster, through this kubeconfig", "FILE");
    private readonly Option<string> context = Text("--context", "Use this context of the kubeconfig", "NAME");
    private readonly Option<string[]> allowExec = Flags.Many("--allow-exec", "A program that the kubeconfig or a cluster Secret may run to log in, such as aws (repeatable)", "NAME");
    private readonly Option<string> @namespace = new("--namespace", "-n") { Description = "Namespace for a path without application manifests (default \"default\")", HelpName = "NAME", DefaultValueFactory = _ => "default" };

    private readonly Option<string> revision = Text("--revision", "Branch, tag, version range or commit, when the repository is a URL", "REVISION");
    private readonly Option<string> argoCdNamespace = Text("--argocd-namespace", "Where the cluster holds Argo CD's objects: Applications, projects, repository Secrets (default \"argocd\")", "NAME");
    private readonly Option<string[]> applicationNamespaces = ApplicationNamespaces();
    private readonly Option<string> repository = new("--repo") { Description = "The repository's folder (default the current one)", HelpName = "PATH", DefaultValueFactory = _ => "." };

    public Argument<string> Path { get; } = Flags.Path("A repository, as a folder or a URL (URL//PATH for a folder in it), or a folder of manifests");

    public void AddTo(Command command)
    {
        foreach (Option option in (Option[])[state, repoMap, clusters, oneCluster, strict, .. nodes.Options, kubeconfig, context, allowExec, @namespace, revision, argoCdNamespace, applicationNamespaces, remoteFiles])
        {
            command.Options.Add(option);
        }
    }

    /// <summary>For commands whose arguments are about an application: the repository is a flag.</summary>
    public void AddWithRepositoryTo(Command command)
    {
        command.Options.Add(repository);
        AddTo(command);
    }

    public UpOptions Read(ParseResult parse) => Read(parse, parse.GetValue(Path)!);

    /// <summary>Whether the repository was named, not taken to be the current folder.</summary>
    public bool NamesRepository(ParseResult parse) => parse.GetResult(repository) is { Implicit: false };

    public UpOptions ReadWithRepository(ParseResult parse) => Read(parse, parse.GetValue(repository)!);

    public UpOptions Read(ParseResult parse, string path) => new(path)
    {
        StateDirectory = parse.GetValue(state)!,
        RepositoryMappings = [.. parse.GetValue(repoMap)!.Select(ReadMapping)],
        PlacementRules = [.. parse.GetValue(clusters)!.Select(ReadRule)],
        OneCluster = parse.GetValue(oneCluster),
        AllowRemoteFiles = parse.GetValue(remoteFiles),
        Strict = parse.GetValue(strict),
        Simulation = nodes.Read(parse),
        TargetKubeconfig = parse.GetValue(kubeconfig)!,
        TargetContext = parse.GetValue(context)!,
        AllowedExecPlugins = parse.GetValue(allowExec)!.ToHashSet(StringComparer.Ordinal),
        Namespace = parse.GetValue(@namespace)!,
        Revision = parse.GetValue(revision)!,
        ArgoCdNamespace = parse.GetValue(argoCdNamespace)!,
        ApplicationNamespaces = ReadNamespaces(parse.GetValue(applicationNamespaces)!),
    };

    public static Option<string[]> ApplicationNamespaces() =>
        Flags.Many("--application-namespaces", "Deliver the Applications of these namespaces, too: names, globs, /regular expressions/ (repeatable)", "NAME,...");

    /// <summary>As argocd-cmd-params-cm's <c>application.namespaces</c> lists them: by commas.</summary>
    public static IReadOnlyList<string> ReadNamespaces(string[] texts) =>
        [.. texts.SelectMany(text => text.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))];

    private static RepositoryMapping ReadMapping(string text)
    {
        // The URL may hold '=' itself (a query); the folder is what follows the last one.
        int equals = text.LastIndexOf('=');
        (string url, string folder) = equals > 0 ? (text[..equals], text[(equals + 1)..]) : throw new UsageException($"--repo-map {text}: expected URL=PATH");
        return Directory.Exists(folder) ? new RepositoryMapping(url, System.IO.Path.GetFullPath(folder)) : throw new UsageException($"--repo-map {text}: there is no folder {folder}");
    }

    private static PlacementRule ReadRule(string text)
    {
        (string name, string globs) = Flags.Pair("--cluster", text);
        return new PlacementRule(name, globs.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries));
    }

    private static Option<string> Text(string name, string description, string helpName) =>
        new(name) { Description = description, HelpName = helpName, DefaultValueFactory = _ => string.Empty };
}
