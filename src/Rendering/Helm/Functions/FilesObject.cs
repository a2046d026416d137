using Bowline.Languages.GoTemplates.Values;
using Bowline.Rendering.Globs;
using Bowline.Rendering.Helm.Charts;
using Bowline.Resources.Model;

namespace Bowline.Rendering.Helm.Functions;

/// <summary><c>.Files</c>: a map from name to bytes with methods.</summary>
internal sealed class FilesObject
{
    private static readonly GoType FilesType = GoType.Named("engine.files", GoType.MapOf(GoType.Bytes));

    private readonly List<ChartFile> files;
    private readonly Dictionary<string, ChartFile> byName = new(StringComparer.Ordinal);

    private FilesObject(IEnumerable<ChartFile> files)
    {
        this.files = [.. files];
        foreach (ChartFile file in this.files)
        {
            byName[file.Name] = file;
        }
    }

    public static GoMap Of(IEnumerable<ChartFile> files)
    {
        FilesObject all = new(files);
        MapNode members = new(all.files.Count);
        foreach (ChartFile file in all.files)
        {
            members[file.Name] = new GoBytes(file.Data);
        }

        return new GoMap(FilesType, members, all.Method);
    }

    private GoFunction? Method(string name) => name switch
    {
        "Get" => new GoFunction(call => StringNode.Of(byName.TryGetValue(call.Text(0), out ChartFile? file) ? file.Text : string.Empty), GoType.String) { Result = GoType.String },
        "GetBytes" => new GoFunction(call => new GoBytes(byName.TryGetValue(call.Text(0), out ChartFile? file) ? file.Data : []), GoType.String) { Result = GoType.Bytes },
        "Glob" => new GoFunction(call => Glob(call.Text(0)), GoType.String) { Result = FilesType },
        "AsConfig" => new GoFunction(_ => AsMap(file => file.Text)) { Result = GoType.String },
        "AsSecrets" => new GoFunction(_ => AsMap(file => Convert.ToBase64String(file.Data))) { Result = GoType.String },
        "Lines" => new GoFunction(call => Lines(call.Text(0)), GoType.String) { Result = GoType.Strings },
        _ => null,
    };

    private GoMap Glob(string pattern)
    {
        FileGlob glob = FileGlob.Compile(pattern) ?? FileGlob.Compile("**")!;
        return Of(files.Where(file => glob.IsMatch(file.Name)));
    }

    private StringNode AsMap(Func<ChartFile, string> content)
    {
        MapNode map = new();
        foreach (ChartFile file in files.OrderBy(file => file.Name, KeyOrder.Comparer))
        {
            map[GoPath.Base(file.Name)] = StringNode.Of(content(file));
        }

        try
        {
            return StringNode.Of(YamlText.Of(map));
        }
        catch (GoError)
        {
            return StringNode.Empty;
        }
    }

    private GoSlice Lines(string name)
    {
        if (!byName.TryGetValue(name, out ChartFile? file))
        {
            return GoSlice.Strings([]);
        }

        if (file.Data.Length == 0)
        {
            // Helm looks for the last byte of an empty file.
            throw new GoError("runtime error: index out of range [-1]");
        }

        string text = file.Text;
        return GoSlice.Strings((text.EndsWith('\n') ? text[..^1] : text).Split('\n'));
    }
}
