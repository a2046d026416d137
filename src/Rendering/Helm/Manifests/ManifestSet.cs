using Bowline.Languages.GoTemplates.Parsing;
using Bowline.Rendering.Helm.Charts;
using Bowline.Resources.Model;

namespace Bowline.Rendering.Helm.Manifests;

/// <summary>Everything the templates produced, cut into documents and put in the order of installation; hooks apart.</summary>
internal sealed class ManifestSet
{
    private ManifestSet(IReadOnlyList<Manifest> manifests, IReadOnlyList<Manifest> hooks)
    {
        Manifests = manifests;
        Hooks = hooks;
    }

    public IReadOnlyList<Manifest> Manifests { get; }

    public IReadOnlyList<Manifest> Hooks { get; }

    /// <param name="rendered">Text by template name.</param>
    /// <exception cref="ChartException">A document is not YAML or not an object.</exception>
    public static ManifestSet Of(IEnumerable<KeyValuePair<string, string>> rendered, List<string> warnings)
    {
        List<Manifest> manifests = [];
        List<Manifest> hooks = [];
        foreach ((string source, string text) in rendered.OrderBy(file => file.Key, KeyOrder.Comparer))
        {
            int document = 0;
            foreach (string one in string.IsNullOrWhiteSpace(text) ? [] : ManifestText.Split(text))
            {
                Manifest manifest = Read(source, one, document++);
                HookData? hook = HookData.Of(manifest.Head, out bool dropped);
                if (dropped)
                {
                    warnings.Add($"info: skipping unknown hook: {GoText.Quote(manifest.Head.Annotations["helm.sh/hook"]!.AsString()!)}");
                }
                else
                {
                    (hook is null ? manifests : hooks).Add(manifest with { Hook = hook });
                }
            }
        }

        return new ManifestSet(Sorted(manifests), Sorted(hooks));
    }

    private static Manifest[] Sorted(List<Manifest> manifests) =>
        [.. manifests.Order(Comparer<Manifest>.Create((left, right) => InstallOrder.Compare(left.Head.Kind, right.Head.Kind)))];

    private static Manifest Read(string source, string text, int document)
    {
        try
        {
            Node root = GoYaml.ReadTyped(System.Text.Encoding.UTF8.GetBytes(text));
            return new Manifest(source, text, root, ManifestHead.Of(root), document);
        }
        catch (ChartException error)
        {
            string[] lines = text.Split('\n');
            throw new ChartException($"YAML parse error on {source}: {error.Message}", inner: error)
            {
                SourceLine = error.Line > 0 && error.Line <= lines.Length ? lines[error.Line - 1] : null,
            };
        }
    }
}
