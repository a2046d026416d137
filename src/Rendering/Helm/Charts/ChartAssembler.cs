using Bowline.Resources.Model;
using Bowline.Sources.Archives;
using Bowline.Sources.Files;

namespace Bowline.Rendering.Helm.Charts;

/// <summary>Sorts a chart's files into what they are, and charts/ into charts of their own; Helm's loader.</summary>
internal static class ChartAssembler
{
    private const int MaxNesting = 64;

    public static Chart Assemble(IReadOnlyList<ChartFile> files, int nesting = 0)
    {
        if (nesting > MaxNesting)
        {
            throw new ChartException($"charts are nested deeper than {MaxNesting} levels");
        }

        List<string> warnings = [];
        ChartMetadata metadata = ReadMetadata(files, warnings);
        MapNode? values = ReadValues(files);
        Located(files, "Chart.yaml", () => ChartValidation.Validate(metadata));
        Parts parts = Parts.Of(files, metadata);
        return new Chart
        {
            Metadata = metadata,
            Values = values,
            Schema = files.LastOrDefault(file => file.Name == "values.schema.json"),
            Templates = parts.Templates,
            Files = parts.Files,
            Dependencies = [.. parts.Subcharts.Select(sub => AssembleSubchart(sub.Key, sub.Value, metadata.Name, nesting)).OfType<Chart>()],
            Warnings = warnings,
        };
    }

    public static Chart AssembleArchive(byte[] archive, string path, int nesting)
    {
        IReadOnlyList<ArchiveFile> files;
        try
        {
            files = TarGz.ReadChart(archive);
        }
        catch (SourceException error)
        {
            throw new ChartException(error.Message, path, inner: error);
        }

        return Assemble([.. files.Select(file => new ChartFile(file.Name, $"{path}/{file.Name}", WithoutMark(file.Data)))], nesting);
    }

    /// <summary>Only what Chart.yaml and requirements.yaml say, validated.</summary>
    public static ChartMetadata ReadOwnMetadata(IReadOnlyList<ChartFile> files)
    {
        ChartMetadata metadata = ReadMetadata(files, []);
        Located(files, "Chart.yaml", () => ChartValidation.Validate(metadata));
        return metadata;
    }

    /// <summary>Content without a UTF-8 byte order mark.</summary>
    public static byte[] WithoutMark(byte[] data) => data is [0xEF, 0xBB, 0xBF, ..] ? data[3..] : data;

    private static ChartMetadata ReadMetadata(IReadOnlyList<ChartFile> files, List<string> warnings)
    {
        ChartMetadata metadata = new();
        bool present = false;
        foreach (ChartFile file in files.Where(file => file.Name == "Chart.yaml"))
        {
            present = true;
            Load(file, () => ChartMetadataReader.Fill(metadata, GoYaml.ReadTyped(file.Data)));
            metadata.ApiVersion = metadata.ApiVersion.Length == 0 ? "v1" : metadata.ApiVersion;
        }

        foreach (ChartFile file in files)
        {
            if (file.Name is "requirements.yaml")
            {
                present = true;
                if (metadata.ApiVersion != "v1")
                {
                    warnings.Add("Warning: Dependencies are handled in Chart.yaml since apiVersion \"v2\". We recommend migrating dependencies to Chart.yaml.");
                }

                Load(file, () => ChartMetadataReader.Fill(metadata, GoYaml.ReadTyped(file.Data)));
            }
            else if (file.Name is "Chart.lock" or "requirements.lock")
            {
                Load(file, () => GoYaml.ReadTyped(file.Data));
            }
        }

        return present ? metadata : throw new ChartException("Chart.yaml file is missing");
    }

    private static MapNode? ReadValues(IReadOnlyList<ChartFile> files)
    {
        MapNode? values = null;
        foreach (ChartFile file in files.Where(file => file.Name == "values.yaml"))
        {
            Load(file, () => values = GoYaml.ReadMap(file.Data));
        }

        return (MapNode?)(values ?? new MapNode()).Freeze();
    }

    private static void Load(ChartFile file, Action read)
    {
        try
        {
            read();
        }
        catch (ChartException error)
        {
            throw new ChartException($"cannot load {file.Name}: {error.Message}", file.Path, error.Line, error.Column, error);
        }
    }

    private static void Located(IReadOnlyList<ChartFile> files, string name, Action check)
    {
        try
        {
            check();
        }
        catch (ChartException error) when (error.File.Length == 0)
        {
            throw new ChartException(error.Message, files.FirstOrDefault(file => file.Name == name)?.Path ?? string.Empty, error.Line, error.Column, error);
        }
    }

    private static Chart? AssembleSubchart(string name, List<ChartFile> files, string parent, int nesting)
    {
        if (name.StartsWith('_') || name.StartsWith('.'))
        {
            return null;
        }

        try
        {
            if (GoPath.Extension(name) == ".tgz")
            {
                if (files[0].Name != name)
                {
                    throw new ChartException($"error unpacking subchart tar in {parent}: expected {name}, got {files[0].Name}");
                }

                return AssembleArchive(files[0].Data, files[0].Path, nesting + 1);
            }

            return Assemble([.. files.Where(file => file.Name.Contains('/', StringComparison.Ordinal)).Select(file => file with { Name = file.Name[(file.Name.IndexOf('/', StringComparison.Ordinal) + 1)..] })], nesting + 1);
        }
        catch (ChartException error) when (!error.Message.StartsWith("error unpacking subchart tar", StringComparison.Ordinal))
        {
            throw error.Within($"error unpacking subchart {name} in {parent}");
        }
    }

    /// <summary>The files of a chart by their role.</summary>
    private sealed class Parts
    {
        public List<ChartFile> Templates { get; } = [];

        public List<ChartFile> Files { get; } = [];

        /// <summary>By the first name below charts/; Helm's own order is that of a Go map, so any fixed one is as good.</summary>
        public SortedDictionary<string, List<ChartFile>> Subcharts { get; } = new(StringComparer.Ordinal);

        public static Parts Of(IReadOnlyList<ChartFile> files, ChartMetadata metadata)
        {
            Parts parts = new();
            foreach (ChartFile file in files)
            {
                parts.Add(file, metadata);
            }

            return parts;
        }

        private void Add(ChartFile file, ChartMetadata metadata)
        {
            switch (file.Name)
            {
                case "Chart.yaml" or "Chart.lock" or "values.yaml" or "values.schema.json":
                    break;
                case "requirements.yaml" or "requirements.lock":
                    if (metadata.ApiVersion == "v1")
                    {
                        Files.Add(file);
                    }

                    break;
                case string name when name.StartsWith("templates/", StringComparison.Ordinal):
                    Templates.Add(file);
                    break;
                case string name when name.StartsWith("charts/", StringComparison.Ordinal) && GoPath.Extension(name) != ".prov":
                    AddSubchartFile(file);
                    break;
                default:
                    Files.Add(file);
                    break;
            }
        }

        private void AddSubchartFile(ChartFile file)
        {
            string name = file.Name["charts/".Length..];
            int slash = name.IndexOf('/', StringComparison.Ordinal);
            string chart = slash < 0 ? name : name[..slash];
            if (!Subcharts.TryGetValue(chart, out List<ChartFile>? files))
            {
                Subcharts[chart] = files = [];
            }

            files.Add(file with { Name = name });
        }
    }
}
