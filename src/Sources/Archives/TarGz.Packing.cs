using System.Formats.Tar;
using System.IO.Compression;
using Bowline.Sources.Files;

namespace Bowline.Sources.Archives;

public static partial class TarGz
{
    /// <summary>Packs a chart below a folder of its name. The same files give the same bytes, whenever they are packed.</summary>
    /// <exception cref="SourceException">A name that is not inside.</exception>
    public static byte[] WriteChart(string folder, IEnumerable<ArchiveFile> files)
    {
        using MemoryStream packed = new();
        using (GZipStream zip = new(packed, CompressionLevel.Optimal, leaveOpen: true))
        using (TarWriter tar = new(zip, TarEntryFormat.Pax))
        {
            foreach (ArchiveFile file in files)
            {
                tar.WriteEntry(new PaxTarEntry(TarEntryType.RegularFile, $"{folder}/{TreePath.Clean(file.Name)}")
                {
                    DataStream = new MemoryStream(file.Data, writable: false),
                    Mode = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead,
                    ModificationTime = DateTimeOffset.UnixEpoch,
                });
            }
        }

        return packed.ToArray();
    }
}
