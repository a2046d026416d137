using System.Text;
using Bowline.Rendering.Helm.Charts;
using Bowline.Rendering.Requests;
using Bowline.Resources.Model;
using Bowline.Sources.Files;

namespace Bowline.Rendering.Helm.Values;

/// <summary>Puts together what the user gives: value files, values in place, then the <c>--set</c> family in Helm's own order.</summary>
internal sealed class GivenValues(RenderRequest request, FileTree files)
{
    private const long MaxFileBytes = 16 * 1024 * 1024;

    public MapNode Read()
    {
        HelmOptions options = request.Helm;
        MapNode values = new();
        foreach (string file in options.ValueFiles)
        {
            if (ReadFile(file, options.IgnoreMissingValueFiles) is { } data)
            {
                values = ValueMerging.Overlay(values, Parse(file, data));
            }
        }

        if (options.Values is not null)
        {
            values = ValueMerging.Overlay(values, options.Values);
        }

        // Overlays share tables with what they were made of; the --set family writes into them.
        values = (MapNode)values.DeepClone();
        Apply(values, options.SetJson, SetKind.Json, "--set-json");
        Apply(values, options.Set, SetKind.Typed, "--set");
        Apply(values, options.SetString, SetKind.Text, "--set-string");
        Apply(values, options.SetFile, SetKind.File, "--set-file");
        Apply(values, options.SetLiteral, SetKind.Literal, "--set-literal");
        return values;
    }

    private void Apply(MapNode values, IReadOnlyList<string> arguments, SetKind kind, string option)
    {
        foreach (string argument in arguments)
        {
            try
            {
                new SetParser(argument, kind, file => Encoding.UTF8.GetString(ReadFile(file, mayBeMissing: false)!)).Into(values);
            }
            catch (ChartException error)
            {
                throw new ChartException($"failed parsing {option} data{(kind == SetKind.Json ? $" {argument}" : $": {error.Message}")}", error.File, inner: error);
            }
        }
    }

    private MapNode Parse(string file, byte[] data)
    {
        try
        {
            return GoYaml.ReadMap(data) ?? new MapNode();
        }
        catch (ChartException error)
        {
            throw new ChartException($"failed to parse {file}: {error.Message}", PathOf(file), error.Line, error.Column, error);
        }
    }

    private byte[]? ReadFile(string file, bool mayBeMissing)
    {
        string path = PathOf(file);
        if (!files.FileExists(path))
        {
            return mayBeMissing ? null : throw new ChartException($"open {file}: no such file or directory", path);
        }

        return files.Read(path, MaxFileBytes);
    }

    private string PathOf(string file)
    {
        if (file.Contains("://", StringComparison.Ordinal))
        {
            throw new ChartException($"{file}: values are read from files of the source only", file);
        }

        return file.StartsWith('/') ? TreePath.Clean(file.TrimStart('/')) : TreePath.Combine(request.Path, file);
    }
}
