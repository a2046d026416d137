namespace Bowline.Applications.ApplicationSets;

/// <summary>A generator that cannot say what there is at this moment; whatever it said before still stands. Messages hold no secrets.</summary>
internal sealed class GeneratorException(string message, Exception? inner = null) : Exception(message, inner)
{
    /// <summary>How long whoever was asked wants to be left alone; null when nobody said.</summary>
    public TimeSpan? RetryAfter { get; init; }

    /// <summary>Whether what was asked for does not exist, or is hidden from whoever asks.</summary>
    public bool IsNotFound { get; init; }
}
