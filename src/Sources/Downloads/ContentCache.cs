using Bowline.Sources.Files;

namespace Bowline.Sources.Downloads;

/// <summary>
/// Downloaded files by their digest. What comes out is hashed again, so that a changed file in the folder is as good as none.
/// </summary>
/// <param name="folder">Made when it is missing.</param>
public sealed class ContentCache(string folder)
{
    private readonly string folder = Path.GetFullPath(folder);

    /// <summary>Null when the content is not there, or no longer what it was.</summary>
    public byte[]? Find(ContentDigest digest, long maxBytes)
    {
        FileInfo file = new(FileOf(digest));
        try
        {
            if (!file.Exists || file.LinkTarget is not null || file.Length > maxBytes)
            {
                return null;
            }

            byte[] content = File.ReadAllBytes(file.FullName);
            return ContentDigest.Of(content) == digest ? content : null;
        }
        catch (Exception unreadable) when (unreadable is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <exception cref="SourceException">The folder cannot be written.</exception>
    public ContentDigest Add(ReadOnlySpan<byte> content)
    {
        ContentDigest digest = ContentDigest.Of(content);
        string file = FileOf(digest);
        string unfinished = $"{file}.{Guid.NewGuid():N}";
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(file)!);
            File.WriteAllBytes(unfinished, content);
            File.Move(unfinished, file, overwrite: true);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new SourceException($"the cache {folder} cannot be written: {error.Message}", inner: error);
        }

        return digest;
    }

    private string FileOf(ContentDigest digest) => Path.Combine(folder, "sha256", digest.Hex[..2], digest.Hex);
}
