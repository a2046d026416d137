namespace Bowline.EmbeddedCluster.Storage;

/// <summary>The state directory takes no writes at the moment; what is in memory can still be read.</summary>
internal sealed class StorageException(string message, bool isFull, Exception? inner = null) : IOException(message, inner)
{
    /// <summary>The disk has no space left; anything else needs a person.</summary>
    public bool IsFull => isFull;
}
