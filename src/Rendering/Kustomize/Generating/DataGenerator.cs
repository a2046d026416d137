using System.Text;
using Bowline.Rendering.Kustomize.Declared;
using Bowline.Rendering.Kustomize.Fields;
using Bowline.Rendering.Kustomize.Files;
using Bowline.Rendering.Kustomize.Objects;
using Bowline.Rendering.Requests;
using Bowline.Resources.Model;

namespace Bowline.Rendering.Kustomize.Generating;

/// <summary>Makes ConfigMaps and Secrets out of literals, files and environment files.</summary>
internal static class DataGenerator
{
    private const int LineLength = 70;

    public static BuildObject ConfigMap(GeneratorSpec spec, DirectoryLoader loader)
    {
        MapNode root = Base("ConfigMap", spec);
        foreach ((string key, byte[] value) in Pairs("configmap", spec, loader))
        {
            bool text = System.Text.Unicode.Utf8.IsValid(value);
            string content = text ? Encoding.UTF8.GetString(value) : Base64(value);
            RefuseLeadingTab(key, content);
            root.EnsureMap(text ? "data" : "binaryData")[ScalarReader.Key(key)] = content;
        }

        return Finish(root, spec);
    }

    public static BuildObject Secret(GeneratorSpec spec, DirectoryLoader loader)
    {
        MapNode root = Base("Secret", spec);
        root["type"] = spec.Type.Length == 0 ? "Opaque" : spec.Type;
        MapNode data = root.EnsureMap("data");
        foreach ((string key, byte[] value) in Pairs("secret", spec, loader))
        {
            data[ScalarReader.Key(key)] = Base64(value);
        }

        return Finish(root, spec);
    }

    private static MapNode Base(string kind, GeneratorSpec spec)
    {
        if (spec.Name.Length == 0)
        {
            throw new RenderException($"a {kind} generator must have a name");
        }

        MapNode metadata = new() { ["name"] = spec.Name };
        if (spec.Namespace.Length > 0)
        {
            metadata["namespace"] = spec.Namespace;
        }

        return new MapNode { ["apiVersion"] = "v1", ["kind"] = kind, ["metadata"] = metadata };
    }

    private static SortedDictionary<string, byte[]> Pairs(string what, GeneratorSpec spec, DirectoryLoader loader)
    {
        SortedDictionary<string, byte[]> pairs = new(StringComparer.Ordinal);
        try
        {
            foreach ((string key, byte[] value) in KeyValues.Load(spec, loader))
            {
                if (!pairs.TryAdd(key, value))
                {
                    throw new RenderException($"{what} {spec.Name} illegally repeats the key `{key}`");
                }
            }
        }
        catch (RenderException error)
        {
            throw new RenderException($"loading KV pairs of {what} '{spec.Name}': {error.Reason}", error.File, error.Line, error.Column, error);
        }

        return pairs;
    }

    private static BuildObject Finish(MapNode root, GeneratorSpec spec)
    {
        BuildObject made = new(root)
        {
            NeedsHash = spec.Options is not { DisableHash: true },
            IsGenerated = true,
            Behavior = spec.Behavior switch
            {
                "create" => Behavior.Create,
                "merge" => Behavior.Merge,
                "replace" => Behavior.Replace,
                _ => Behavior.Unspecified,
            },
        };
        if (spec.Options is { } options)
        {
            made.SetLabels(options.Labels);
            made.SetAnnotations(options.Annotations);
            if (options.Immutable)
            {
                root["immutable"] = true;
            }
        }

        return made;
    }

    /// <summary>Base64 in lines, as the original has it; short texts stay on one.</summary>
    private static string Base64(byte[] value)
    {
        string encoded = Convert.ToBase64String(value);
        if (encoded.Length < LineLength)
        {
            return encoded;
        }

        StringBuilder lines = new(encoded.Length + (encoded.Length / LineLength) + 1);
        for (int i = 0; i < encoded.Length; i += LineLength)
        {
            lines.Append(encoded.AsSpan(i, Math.Min(LineLength, encoded.Length - i))).Append('\n');
        }

        return lines.ToString();
    }

    /// <summary>The original writes such a text as a block scalar that it cannot read again.</summary>
    private static void RefuseLeadingTab(string key, string content)
    {
        if (content.StartsWith('\t') && content.Contains('\n', StringComparison.Ordinal))
        {
            throw new RenderException($"the value of '{key}' begins with a tab where YAML wants indentation");
        }
    }
}
