using Bowline.Applications.Model;
using Bowline.Resources.Model;
using Bowline.Resources.Yaml;
using Bowline.Sources.Files;
using ApplicationException = Bowline.Applications.Model.ApplicationException;

namespace Bowline.Applications.ArgoCd;

/// <summary>What a repository declares.</summary>
public sealed record FoundApplications(IReadOnlyList<ApplicationSpec> Applications, IReadOnlyList<ApplicationFault> Faults)
{
    /// <summary>Argo CD's own objects: projects, repository Secrets, its ConfigMaps.</summary>
    public IReadOnlyList<MapNode> Settings { get; init; } = [];

    /// <summary>Applications, projects and application sets as their files have them, each name of a kind once.</summary>
    public IReadOnlyList<FoundManifest> Manifests { get; init; } = [];

    /// <summary>Whether every file that may declare one could be read, so that one that is gone really is gone.</summary>
    public bool IsComplete => Faults.All(fault => Manifests.Any(manifest => ReferenceEquals(manifest.Fault, fault)));

    /// <summary>What each file that declares anything declares, so that the next look only reads what changed.</summary>
    internal IReadOnlyDictionary<string, FoundInFile> Files { get; init; } = new Dictionary<string, FoundInFile>();
}

/// <summary>One of Argo CD's objects in a file.</summary>
public sealed record FoundManifest(MapNode Body, Origin Origin)
{
    /// <summary>What an Application says; null for other kinds, and for one that says something impossible.</summary>
    public ApplicationSpec? Spec { get; init; }

    /// <summary>Why it says something impossible; null when it does not.</summary>
    public ApplicationFault? Fault { get; init; }

    public ResourceId Id => new Resource(Body, Origin).Id;
}

internal sealed record FoundInFile(IReadOnlyList<FoundManifest> Manifests, IReadOnlyList<ApplicationFault> Faults, IReadOnlyList<MapNode> Settings);

/// <summary>Finds application manifests anywhere in a repository, so that nobody has to apply them by hand.</summary>
public sealed class ApplicationFinder(IApplicationDialect dialect)
{
    private const long LargestManifest = 8 * 1024 * 1024;

    /// <param name="directory">Where to look; empty for everywhere.</param>
    public FoundApplications Find(FileTree files, string directory, CancellationToken cancellationToken)
    {
        Dictionary<string, FoundInFile> found = new(StringComparer.Ordinal);
        ReadAll(files, files.Walk(directory), found, cancellationToken);
        return Sum(found);
    }

    /// <summary>Looks again, only into what changed since.</summary>
    /// <param name="changed">Files and folders, from the root of the tree.</param>
    public FoundApplications FindAgain(FoundApplications before, FileTree files, string directory, IReadOnlyCollection<string> changed, CancellationToken cancellationToken)
    {
        // Whether a folder is a chart decides what its files are.
        if (changed.Any(path => path.EndsWith("Chart.yaml", StringComparison.Ordinal)))
        {
            return Find(files, directory, cancellationToken);
        }

        Dictionary<string, FoundInFile> found = new(before.Files, StringComparer.Ordinal);
        string prefix = directory.Length == 0 ? string.Empty : directory + "/";
        foreach (string path in changed.Where(path => path.StartsWith(prefix, StringComparison.Ordinal)))
        {
            found.Remove(path);
            foreach (string below in found.Keys.Where(known => known.StartsWith(path + "/", StringComparison.Ordinal)).ToArray())
            {
                found.Remove(below);
            }

            ReadAll(files, files.DirectoryExists(path) ? files.Walk(path) : files.FileExists(path) ? [path] : [], found, cancellationToken);
        }

        return Sum(found);
    }

    private void ReadAll(FileTree files, IEnumerable<string> paths, Dictionary<string, FoundInFile> found, CancellationToken cancellationToken)
    {
        foreach (string path in paths)
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (IsManifest(path) && !IsChartTemplate(files, path))
            {
                List<FoundManifest> manifests = [];
                List<ApplicationFault> faults = [];
                List<MapNode> settings = [];
                ReadFile(files, path, manifests, faults, settings);
                if (manifests.Count + faults.Count + settings.Count > 0)
                {
                    found[path] = new FoundInFile(manifests, faults, settings);
                }
            }
        }
    }

    private static FoundApplications Sum(Dictionary<string, FoundInFile> found)
    {
        FoundInFile[] inOrder = [.. found.OrderBy(file => file.Key, StringComparer.Ordinal).Select(file => file.Value)];
        List<ApplicationFault> faults = [.. inOrder.SelectMany(file => file.Faults)];
        List<FoundManifest> manifests = WithoutRepeats(inOrder.SelectMany(file => file.Manifests), faults);
        faults.AddRange(manifests.Select(manifest => manifest.Fault).OfType<ApplicationFault>());
        return new FoundApplications([.. manifests.Select(manifest => manifest.Spec).OfType<ApplicationSpec>().OrderBy(application => application.Name, StringComparer.Ordinal)], faults)
        {
            Manifests = manifests,
            Settings = [.. inOrder.SelectMany(file => file.Settings)],
            Files = found,
        };
    }

    private void ReadFile(FileTree files, string path, List<FoundManifest> manifests, List<ApplicationFault> faults, List<MapNode> settings)
    {
        byte[] content;
        try
        {
            content = files.Read(path, LargestManifest);
        }
        catch (SourceException)
        {
            // Too large, or a link that leads out: whoever renders that file will say so.
            return;
        }

        if (content.AsSpan().IndexOf("argoproj.io"u8) < 0 && content.AsSpan().IndexOf("argocd-"u8) < 0)
        {
            return;
        }

        try
        {
            foreach (YamlDocument document in YamlReader.ReadAll(content, YamlReadOptions.Kubernetes with { FileName = path }))
            {
                ReadDocument(document.Root, new Origin(path, document.Line), manifests, faults, settings);
            }
        }
        catch (YamlException broken) when (DeclaresApplication(content))
        {
            faults.Add(new ApplicationFault(Path.GetFileNameWithoutExtension(path), new Origin(path, broken.Line), broken.Message));
        }
        catch (YamlException)
        {
            // Not an application manifest; the application that renders it reports the error.
        }
    }

    private void ReadDocument(Node root, Origin origin, List<FoundManifest> manifests, List<ApplicationFault> faults, List<MapNode> settings)
    {
        if (root is not MapNode map)
        {
            return;
        }

        if (map["kind"]?.AsString() == "List" && map["items"] is ListNode items)
        {
            foreach (Node item in items)
            {
                ReadDocument(item, origin with { Line = Math.Max(origin.Line, item.Line) }, manifests, faults, settings);
            }

            return;
        }

        if (ArgoCdSettings.Understands(map))
        {
            settings.Add(map);
        }

        Resource resource = new(map, origin);
        if (resource.Kind is { Group: "argoproj.io", Kind: "AppProject" or "ApplicationSet" })
        {
            manifests.Add(new FoundManifest(map, origin));
        }
        else if (dialect.Understands(resource.Kind))
        {
            manifests.Add(ReadApplication(resource, map));
        }
    }

    private FoundManifest ReadApplication(Resource resource, MapNode map)
    {
        FoundManifest manifest = new(InDefaultProject(map), resource.Origin);
        try
        {
            return manifest with { Spec = dialect.Read(resource) };
        }
        catch (ApplicationException fault)
        {
            return manifest with { Fault = new ApplicationFault(dialect.NameOf(resource), resource.Origin, fault.Message) };
        }
        catch (YamlException fault)
        {
            return manifest with { Fault = new ApplicationFault(dialect.NameOf(resource), resource.Origin, $"{resource.Origin}: {fault.Message}") };
        }
    }

    /// <summary>An application that names no project belongs to <c>default</c>, which its definition wants said.</summary>
    private static MapNode InDefaultProject(MapNode application)
    {
        if (application["spec"] is not MapNode spec || spec["project"]?.AsString() is { Length: > 0 })
        {
            return application;
        }

        MapNode copy = (MapNode)application.DeepClone();
        copy.EnsureMap("spec")["project"] = "default";
        return copy;
    }

    private static List<FoundManifest> WithoutRepeats(IEnumerable<FoundManifest> manifests, List<ApplicationFault> faults)
    {
        Dictionary<ResourceId, FoundManifest> first = [];
        foreach (FoundManifest manifest in manifests)
        {
            // Which namespace a manifest names or leaves out makes no second application of it, unless several may hold applications.
            ResourceId id = manifest.Id with { Namespace = string.Empty, Name = manifest.Spec?.Name ?? manifest.Id.Name };
            if (!first.TryAdd(id, manifest))
            {
                faults.Add(new ApplicationFault(id.Name, manifest.Origin, $"{manifest.Origin}: {id.Kind} {id.Name} is declared already in {first[id].Origin}"));
            }
        }

        return [.. first.Values];
    }

    private static bool IsManifest(string path) => Path.GetExtension(path) is ".yaml" or ".yml" or ".json";

    /// <summary>Templates are not manifests until they are rendered.</summary>
    private static bool IsChartTemplate(FileTree files, string path)
    {
        for (int at = path.IndexOf("templates/", StringComparison.Ordinal); at >= 0; at = path.IndexOf("templates/", at + 1, StringComparison.Ordinal))
        {
            if ((at == 0 || path[at - 1] == '/') && files.FileExists(path[..at] + "Chart.yaml"))
            {
                return true;
            }
        }

        return false;
    }

    private static bool DeclaresApplication(ReadOnlySpan<byte> content) =>
        content.IndexOf("kind: Application\n"u8) >= 0 || content.IndexOf("kind: Application\r"u8) >= 0;
}
