namespace Bowline.Resources.Merging;

/// <summary>An apply that the API server refuses before it looks at ownership: a field that the schema lacks, a duplicate key, managedFields in the body.</summary>
/// <param name="isBadRequest">Whether the server answers 400; otherwise 500, as for every object that does not fit its schema.</param>
public sealed class MergeException(string message, bool isBadRequest = false) : Exception(message)
{
    public bool IsBadRequest { get; } = isBadRequest;
}
