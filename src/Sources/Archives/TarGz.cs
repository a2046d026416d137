using System.Formats.Tar;
using System.IO.Compression;
using Bowline.Sources.Files;

namespace Bowline.Sources.Archives;

/// <param name="Name">Below the archive's own top folder; relative, clean, forward slashes.</param>
public sealed record ArchiveFile(string Name, byte[] Data);

/// <summary>Reads packed charts. Everything that could reach outside or grow without bound is refused.</summary>
public static partial class TarGz
{
    private const long MaxTotalBytes = 100L * 1024 * 1024;
    private const long MaxFileBytes = 5L * 1024 * 1024;
    private const int MaxFiles = 20_000;

    /// <exception cref="SourceException">Not an archive, too large, or with links, devices, absolute paths or <c>..</c> in it.</exception>
    public static IReadOnlyList<ArchiveFile> ReadChart(byte[] archive)
    {
        try
        {
            using GZipStream unzipped = new(new MemoryStream(archive, writable: false), CompressionMode.Decompress);
            using TarReader reader = new(new LimitedStream(unzipped, MaxTotalBytes + (1024L * MaxFiles)));
            List<ArchiveFile> files = [];
            long remaining = MaxTotalBytes;
            while (reader.GetNextEntry() is { } entry)
            {
                if (Read(entry, ref remaining) is { } file)
                {
                    files.Add(files.Count < MaxFiles ? file : throw new SourceException($"the archive holds more than {MaxFiles} files"));
                }
            }

            return files.Count > 0 ? files : throw new SourceException("no files in chart archive");
        }
        catch (Exception error) when (error is InvalidDataException or FormatException or EndOfStreamException or IOException or ArgumentException or NotSupportedException)
        {
            throw new SourceException($"the archive cannot be read: {error.Message}", inner: error);
        }
    }

    private static ArchiveFile? Read(TarEntry entry, ref long remaining)
    {
        switch (entry.EntryType)
        {
            case TarEntryType.Directory or TarEntryType.DirectoryList or TarEntryType.GlobalExtendedAttributes or TarEntryType.ExtendedAttributes:
                return null;
            case TarEntryType.RegularFile or TarEntryType.V7RegularFile or TarEntryType.ContiguousFile:
                break;
            default:
                throw new SourceException($"chart contains {Printable(entry.Name)}, which is neither a file nor a folder");
        }

        string name = NameOf(entry.Name);
        if (entry.Length > remaining)
        {
            throw new SourceException($"decompressed chart is larger than the maximum size {MaxTotalBytes}");
        }

        if (entry.Length > MaxFileBytes)
        {
            throw new SourceException($"decompressed chart file \"{Printable(entry.Name)}\" is larger than the maximum file size {MaxFileBytes}");
        }

        byte[] data = new byte[entry.Length];
        entry.DataStream?.ReadExactly(data);
        remaining -= data.Length;
        return new ArchiveFile(name, data);
    }

    private static string NameOf(string full)
    {
        char delimiter = full.Contains('\\', StringComparison.Ordinal) ? '\\' : '/';
        string[] parts = full.Split(delimiter);
        string name = string.Join('/', parts[1..]);
        if (name.StartsWith('/'))
        {
            throw new SourceException("chart illegally contains absolute paths");
        }

        List<string> clean = [];
        foreach (string part in name.Split('/'))
        {
            if (part == "..")
            {
                throw new SourceException("chart illegally references parent directory");
            }

            if (part is not ("" or "."))
            {
                clean.Add(part);
            }
        }

        if (parts[0] == "Chart.yaml")
        {
            throw new SourceException("chart yaml not in base directory");
        }

        if (clean.Count == 0)
        {
            throw new SourceException($"chart illegally contains content outside the base directory: \"{Printable(full)}\"");
        }

        if (clean[0] is [>= 'a' and <= 'z' or >= 'A' and <= 'Z', ':', ..] || name.Contains('\0', StringComparison.Ordinal))
        {
            throw new SourceException("chart contains illegally named files");
        }

        return string.Join('/', clean);
    }

    private static string Printable(string name) => new([.. name.Take(200).Select(c => char.IsControl(c) ? '\uFFFD' : c)]);
}
