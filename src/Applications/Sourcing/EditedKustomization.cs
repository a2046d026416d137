using System.Text;
using Bowline.Applications.Model;
using Bowline.Resources.Json;
using Bowline.Resources.Model;
using Bowline.Resources.Yaml;
using Bowline.Sources.Files;

namespace Bowline.Applications.Sourcing;

/// <summary>A tree in which one kustomization says more than its file does, as Argo CD has it after its <c>kustomize edit</c>.</summary>
internal sealed class EditedKustomization : FileTree
{
    private static readonly string[] Names = ["kustomization.yaml", "kustomization.yml", "Kustomization"];
    private readonly FileTree files;
    private readonly string edited;
    private readonly byte[] content;

    private EditedKustomization(FileTree files, string edited, byte[] content)
    {
        this.files = files;
        this.edited = edited;
        this.content = content;
    }

    /// <summary>The tree itself where the directory holds no kustomization, or one that cannot be read: its renderer says so.</summary>
    public static FileTree Of(FileTree files, string directory, KustomizationEdits edits)
    {
        string? file = Names.Select(name => TreePath.Join(TreePath.Clean(directory), name)).FirstOrDefault(files.FileExists);
        try
        {
            return file is not null && YamlReader.Read(files.Read(file), YamlReadOptions.Kubernetes with { FileName = file }) is MapNode written
                ? new EditedKustomization(files, file, Encoding.UTF8.GetBytes(JsonWriter.ToText(Edit((MapNode)written.DeepClone(), files, directory, edits))))
                : files;
        }
        catch (YamlException)
        {
            return files;
        }
    }

    public override byte[] Read(string path, long maxBytes = 64 * 1024 * 1024) => TreePath.Clean(path) == edited ? content : files.Read(path, maxBytes);

    public override bool FileExists(string path) => files.FileExists(path);

    public override bool DirectoryExists(string path) => files.DirectoryExists(path);

    public override IReadOnlyList<FileTreeEntry> List(string directory) => files.List(directory);

    public override string Resolve(string path) => files.Resolve(path);

    private static MapNode Edit(MapNode kustomization, FileTree files, string directory, KustomizationEdits edits)
    {
        Append(kustomization, "patches", edits.Patches);
        Append(kustomization, "components", edits.Components
            .Where(component => !edits.IgnoreMissingComponents || files.DirectoryExists(TreePath.Join(TreePath.Clean(directory), component)))
            .Select(Node (component) => component));
        HashSet<string> counted = [.. edits.Replicas.Select(replica => replica["name"]?.AsString() ?? string.Empty)];
        if (counted.Count > 0 && kustomization["replicas"] is ListNode present)
        {
            kustomization["replicas"] = new ListNode(present.Where(replica => !counted.Contains(replica["name"]?.AsString() ?? string.Empty)));
        }

        Append(kustomization, "replicas", edits.Replicas);
        if (edits.Labels.Count > 0)
        {
            MapNode pairs = new();
            foreach ((string key, string value) in edits.Labels)
            {
                pairs[key] = value;
            }

            Append(kustomization, "labels", [new MapNode { ["pairs"] = pairs, ["includeSelectors"] = false, ["includeTemplates"] = edits.LabelTemplates }]);
        }

        return kustomization;
    }

    private static void Append(MapNode kustomization, string list, IEnumerable<Node> more)
    {
        Node[] added = [.. more];
        if (added.Length > 0)
        {
            kustomization[list] = new ListNode([.. kustomization[list] as ListNode ?? [], .. added]);
        }
    }
}
