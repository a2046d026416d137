using System.Text;
using Bowline.Cluster.Requests;
using Bowline.Resources.Model;
using Bowline.Resources.Yaml;

namespace Bowline.Cluster.Kubeconfig;

public sealed record KubeconfigOptions
{
    public static readonly KubeconfigOptions Default = new();

    /// <summary>Commands (file names without folder) that an <c>exec</c> user may run; a kubeconfig that names any other is refused.</summary>
    public IReadOnlySet<string> AllowedExecPlugins { get; init; } = new HashSet<string>();

    /// <summary>Where a pod has its service account's token.</summary>
    public string ServiceAccountFolder { get; init; } = ServiceAccount.Folder;
}

/// <summary>The contexts of one or more kubeconfig files, merged as kubectl does: what an earlier file says wins.</summary>
/// <remarks>Errors are <see cref="ClusterException"/> with reason <c>InvalidKubeconfig</c>; they name file and line, and never a value.</remarks>
public sealed class KubeContexts
{
    internal const string Invalid = "InvalidKubeconfig";
    private const int MaxFileBytes = 16 * 1024 * 1024;

    private readonly Dictionary<string, KubeconfigEntry> clusters = new(StringComparer.Ordinal);
    private readonly Dictionary<string, KubeconfigEntry> users = new(StringComparer.Ordinal);
    private readonly Dictionary<string, KubeconfigEntry> contexts = new(StringComparer.Ordinal);
    private readonly KubeconfigOptions options;

    private KubeContexts(KubeconfigOptions options) => this.options = options;

    /// <summary>The <c>current-context</c>; empty when none is set.</summary>
    public string Current { get; private set; } = string.Empty;

    public IReadOnlyCollection<string> Names => contexts.Keys;

    /// <summary>The files kubectl would read: those of <c>KUBECONFIG</c>, or <c>~/.kube/config</c>.</summary>
    public static IReadOnlyList<string> DefaultFiles()
    {
        string? variable = Environment.GetEnvironmentVariable("KUBECONFIG");
        return string.IsNullOrEmpty(variable)
            ? [Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".kube", "config")]
            : variable.Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries);
    }

    /// <summary>Reads the default files; missing ones are passed over, as kubectl does.</summary>
    public static KubeContexts Load(KubeconfigOptions? options = null) => Read(DefaultFiles().Where(File.Exists), options);

    /// <exception cref="ClusterException">A file that is missing or not a kubeconfig.</exception>
    public static KubeContexts Read(IEnumerable<string> files, KubeconfigOptions? options = null)
    {
        KubeContexts contexts = new(options ?? KubeconfigOptions.Default);
        foreach (string file in files)
        {
            contexts.Add(file, ReadDocument(file));
        }

        return contexts;
    }

    /// <summary>
    /// How to reach a context's cluster; null or empty for the current context. <c>in-cluster</c> is the cluster that this process runs in as
    /// a pod, unless a file has a context of that name.
    /// </summary>
    /// <exception cref="ClusterException">No such context, or one that cannot be used.</exception>
    public ClusterConnection Connection(string? context = null)
    {
        string name = string.IsNullOrEmpty(context) ? Current : context;
        if (name.Length == 0)
        {
            throw new ClusterException("No kubeconfig context is current; name one", reason: Invalid);
        }

        if (!contexts.TryGetValue(name, out KubeconfigEntry? entry))
        {
            if (name == ServiceAccount.Context)
            {
                return ServiceAccount.Connection(options.ServiceAccountFolder)
                    ?? throw new ClusterException($"{name} is for a process that runs in a pod, and this one does not: KUBERNETES_SERVICE_HOST, KUBERNETES_SERVICE_PORT and {options.ServiceAccountFolder}/token are not all there", reason: Invalid);
            }

            string known = contexts.Count == 0 ? "there are none" : $"there are {string.Join(", ", contexts.Keys.Order(StringComparer.Ordinal))}";
            throw new ClusterException($"No kubeconfig context is called {name}; {known}", reason: Invalid);
        }

        KubeconfigEntry cluster = Referenced(entry, "cluster", clusters) ?? throw entry.Error("names no cluster");
        return ConnectionReader.Read(name, entry, cluster, Referenced(entry, "user", users), options);
    }

    internal static MapNode ReadDocument(string file)
    {
        try
        {
            if (new FileInfo(file).Length > MaxFileBytes)
            {
                throw new ClusterException($"{file}: too large for a kubeconfig", reason: Invalid);
            }

            return YamlReader.Read(File.ReadAllBytes(file), YamlReadOptions.Kubernetes with { FileName = file }) switch
            {
                MapNode map => map,
                NullNode => new MapNode(),
                _ => throw new ClusterException($"{file}:1: not a kubeconfig", reason: Invalid),
            };
        }
        catch (YamlException error)
        {
            // The reader's reason may quote the text, which may be a key or a token.
            throw new ClusterException($"{error.File}:{error.Line}:{error.Column}: not valid YAML", reason: Invalid);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new ClusterException($"{file}: {(error is FileNotFoundException or DirectoryNotFoundException ? "no such file" : "cannot be read")}", reason: Invalid, inner: error);
        }
    }

    private static KubeconfigEntry? Referenced(KubeconfigEntry context, string what, Dictionary<string, KubeconfigEntry> entries)
    {
        string name = context.Text(what);
        return name.Length == 0 ? null
            : entries.TryGetValue(name, out KubeconfigEntry? found) ? found
            : throw context.Error($"names {what} {name}, which no kubeconfig defines");
    }

    private void Add(string file, MapNode document)
    {
        if (Current.Length == 0)
        {
            Current = document["current-context"]?.AsString() ?? string.Empty;
        }

        AddEntries(clusters, file, document, "clusters", "cluster");
        AddEntries(users, file, document, "users", "user");
        AddEntries(contexts, file, document, "contexts", "context");
    }

    private static void AddEntries(Dictionary<string, KubeconfigEntry> all, string file, MapNode document, string list, string member)
    {
        if (document[list] is not { IsNull: false } node)
        {
            return;
        }

        HashSet<string> here = new(StringComparer.Ordinal);
        foreach (Node item in node.AsList() ?? throw new ClusterException($"{file}:{node.Line}: {list} is not a list", reason: Invalid))
        {
            string name = item["name"]?.AsString() ?? string.Empty;
            KubeconfigEntry entry = new(file, item.Line, $"{member} {name}", item[member]?.AsMap() ?? new MapNode());
            if (name.Length == 0)
            {
                throw entry.Error("has no name");
            }

            if (!here.Add(name))
            {
                throw entry.Error("is defined twice");
            }

            all.TryAdd(name, entry);
        }
    }
}

/// <summary>One named cluster, user or context, and where it stands.</summary>
internal sealed record KubeconfigEntry(string File, int Line, string Title, MapNode Node)
{
    public string Text(string key) => Node[key] switch
    {
        null or NullNode => string.Empty,
        StringNode text => text.Value,
        IntegerNode or FloatNode or BoolNode => Node[key]!.ToString()!,
        _ => throw Error($"{key} is not text", Node[key]),
    };

    public bool Flag(string key) => Node[key]?.AsBool() ?? false;

    public ClusterException Error(string problem, Node? at = null)
    {
        int line = at is { Line: > 0 } ? at.Line : Line;
        return new ClusterException($"{File}:{line}: {Title} {problem}", reason: KubeContexts.Invalid);
    }

    /// <summary>A value that stands in the file as base64 under <c>key-data</c>, or in another file named under <c>key</c>.</summary>
    public string? DataOrFile(string key)
    {
        string data = Text(key + "-data");
        if (data.Length > 0)
        {
            try
            {
                return Encoding.UTF8.GetString(Convert.FromBase64String(data));
            }
            catch (FormatException)
            {
                throw Error($"{key}-data is not base64", Node[key + "-data"]);
            }
        }

        string path = Text(key);
        if (path.Length == 0)
        {
            return null;
        }

        try
        {
            return System.IO.File.ReadAllText(Located(path));
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw Error($"{key}: {path} cannot be read", Node[key]);
        }
    }

    /// <summary>Paths in a kubeconfig are relative to its folder.</summary>
    public string Located(string path) => Path.GetFullPath(path, Path.GetDirectoryName(Path.GetFullPath(File))!);
}
