using Bowline.Rendering.Kustomize.Fields;
using Bowline.Resources.Model;

namespace Bowline.Rendering.Kustomize.Objects;

/// <summary>What a generator asks for when an object of the same id exists already.</summary>
internal enum Behavior
{
    Unspecified,
    Create,
    Replace,
    Merge,
}

/// <summary>An object on its way through a build: its tree, which transformers change in place, and the names it had before.</summary>
internal sealed class BuildObject(MapNode root)
{
    private readonly List<PreviousId> previous = [];
    private readonly List<string> prefixes = [];
    private readonly List<string> suffixes = [];
    private (string ApiVersion, string Kind, ResourceKind Of) lastKind = (string.Empty, string.Empty, ResourceKind.Of(string.Empty, string.Empty));

    private readonly record struct PreviousId(string Namespace, string Name, string Kind);

    /// <summary>The tree; an empty map once a patch deleted the object.</summary>
    public MapNode Root { get; private set; } = root;

    public Behavior Behavior { get; set; }

    public bool IsGenerated { get; set; }

    public bool NeedsHash { get; set; }

    /// <summary>Whether a chart made the object. Charts place their objects themselves: no namespace of a kustomization moves them (since Kustomize 5.8).</summary>
    public bool IsOfChart { get; init; }

    public bool AllowsNameChange { get; set; }

    public bool AllowsKindChange { get; set; }

    /// <summary>Where the object was declared.</summary>
    public Provenance? Source { get; set; }

    /// <summary>The transformers that changed the object, in order.</summary>
    public Passage? Through { get; set; }

    /// <summary>What an origin annotation prints; null when no annotations are asked for, or when it was lost.</summary>
    public string? OriginText { get; set; }

    /// <summary>The part of <see cref="Through"/> that annotations still say.</summary>
    public Passage? Printed { get; set; }

    /// <summary>The first of the running kustomization's transformers that annotations still say.</summary>
    public int PrintedFrom { get; set; }

    public List<string> VariableNames { get; private set; } = [];

    public IReadOnlyList<string> Prefixes => prefixes;

    public IReadOnlyList<string> Suffixes => suffixes;

    public bool IsEmpty => Root.Count == 0;

    public string ApiVersion => ScalarText.Of(Root["apiVersion"]);

    public string KindName => ScalarText.Of(Root["kind"]);

    public ResourceKind Kind => KindOf(KindName);

    public string Name => ScalarText.Of(Root["metadata"]?["name"]);

    public string Namespace => ScalarText.IsNull(Root["metadata"]?["namespace"]) ? string.Empty : ScalarText.Of(Root["metadata"]?["namespace"]);

    public ObjectId Id => new(Kind, Name, Namespace);

    /// <summary>The id under which the object was declared.</summary>
    public ObjectId OriginalId => previous.Count == 0 ? Id : Previous(0);

    public int PreviousCount => previous.Count;

    /// <summary>An earlier id, oldest first. Group and version are always today's: transformers do not change them.</summary>
    public ObjectId Previous(int index)
    {
        PreviousId id = previous[index];
        return new ObjectId(KindOf(id.Kind), id.Name, id.Namespace);
    }

    public string PreviousName(int index) => previous[index].Name;

    /// <summary>The name under which the object was declared.</summary>
    public string OriginalName => previous.Count == 0 ? Name : previous[0].Name;

    public bool HasOrHadName(string name) => Name == name || HadName(name);

    public bool HadName(string name)
    {
        foreach (PreviousId id in previous)
        {
            if (id.Name == name)
            {
                return true;
            }
        }

        return false;
    }

    public bool HadKind(KindFilter filter)
    {
        for (int i = 0; i < previous.Count; i++)
        {
            if (Previous(i).IsSelectedBy(filter))
            {
                return true;
            }
        }

        return false;
    }

    public void RememberId(KindScopes scopes)
    {
        ObjectId id = Id;
        if (id.Name.Length > 0)
        {
            previous.Add(new PreviousId(id.EffectiveNamespace(scopes), id.Name, id.Kind.Kind));
        }
    }

    /// <summary>Takes over a history, oldest first, in the place of its own.</summary>
    public void Relearn(string[] namespaces, string[] names, string[] kinds, string[] prefixesOf, string[] suffixesOf)
    {
        previous.Clear();
        for (int i = 0; i < Math.Min(names.Length, Math.Min(namespaces.Length, kinds.Length)); i++)
        {
            previous.Add(new PreviousId(namespaces[i], names[i], kinds[i]));
        }

        prefixes.Clear();
        prefixes.AddRange(prefixesOf);
        suffixes.Clear();
        suffixes.AddRange(suffixesOf);
    }

    public void AddPrefix(string prefix) => AddAffix(prefixes, prefix);

    public void AddSuffix(string suffix) => AddAffix(suffixes, suffix);

    /// <summary>A name that looks like a number is one, unless another text was quoted in its place.</summary>
    public void SetName(string name)
    {
        if (Name != name)
        {
            MapNode metadata = Root.EnsureMap("metadata");
            metadata["name"] = metadata["name"] is StringNode { Quoted: true } ? new StringNode(name) { Quoted = true } : new Untyped(name);
        }
    }

    public void SetKind(string kind)
    {
        if (kind.Length > 0)
        {
            Root["kind"] = kind;
        }
    }

    public void SetApiVersion(string apiVersion)
    {
        if (apiVersion.Length > 0)
        {
            Root["apiVersion"] = apiVersion;
        }
    }

    /// <summary>An empty namespace removes the field.</summary>
    public void SetNamespace(string ns)
    {
        if (ns.Length > 0)
        {
            Root.EnsureMap("metadata")["namespace"] = ns;
        }
        else
        {
            Root["metadata"]?.AsMap()?.Remove("namespace");
        }
    }

    public IReadOnlyDictionary<string, string> Labels => Strings("labels");

    public IReadOnlyDictionary<string, string> Annotations => Strings("annotations");

    public void SetLabels(IEnumerable<KeyValuePair<string, string>> labels) => SetStrings("labels", labels);

    public void SetAnnotations(IEnumerable<KeyValuePair<string, string>> annotations) => SetStrings("annotations", annotations);

    public void Replace(MapNode? root) => Root = root ?? [];

    /// <summary>Takes over what the build knows of another object, as a generator does that merges into or replaces it.</summary>
    public void InheritFrom(BuildObject other)
    {
        previous.Clear();
        previous.AddRange(other.previous);
        prefixes.Clear();
        prefixes.AddRange(other.prefixes);
        suffixes.Clear();
        suffixes.AddRange(other.suffixes);
        VariableNames = [.. other.VariableNames];
        Behavior = other.Behavior;
        IsGenerated = other.IsGenerated;
        AllowsKindChange = other.AllowsKindChange;
        AllowsNameChange = other.AllowsNameChange;
    }

    public BuildObject Copy()
    {
        BuildObject copy = new((MapNode)Root.DeepClone()) { Source = Source, IsOfChart = IsOfChart };
        copy.InheritFrom(this);
        copy.NeedsHash = NeedsHash;
        copy.Through = Through;
        copy.OriginText = OriginText;
        copy.Printed = Printed;
        copy.PrintedFrom = PrintedFrom;
        return copy;
    }

    /// <summary>Asked for many times between two changes, while taking an apiVersion apart costs memory.</summary>
    private ResourceKind KindOf(string kind)
    {
        string apiVersion = ApiVersion;
        if (lastKind.ApiVersion != apiVersion || lastKind.Kind != kind)
        {
            lastKind = (apiVersion, kind, ResourceKind.Of(apiVersion, kind));
        }

        return lastKind.Of;
    }

    private static void AddAffix(List<string> affixes, string affix)
    {
        if (affix.Length > 0)
        {
            affixes.Add(affix);
        }
    }

    private Dictionary<string, string> Strings(string field)
    {
        Dictionary<string, string> strings = [];
        if (Root["metadata"]?[field] is MapNode map)
        {
            foreach ((string key, Node value) in map)
            {
                strings[key] = ScalarText.Of(value);
            }
        }

        return strings;
    }

    private void SetStrings(string field, IEnumerable<KeyValuePair<string, string>> strings)
    {
        MapNode map = [];
        foreach ((string key, string value) in strings)
        {
            map[ScalarReader.Key(key)] = ScalarReader.Written(value);
        }

        if (map.Count > 0)
        {
            Root.EnsureMap("metadata")[field] = map;
        }
        else
        {
            Root["metadata"]?.AsMap()?.Remove(field);
        }
    }
}
