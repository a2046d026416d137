using Bowline.EmbeddedCluster.Admission;

namespace Bowline.EmbeddedCluster.ApiServer;

internal enum FieldValidation
{
    Ignore,
    Warn,
    Strict,
}

/// <summary>What a writing request says beside its body.</summary>
internal sealed record WriteContext(UserInfo User, string FieldManager)
{
    public bool DryRun { get; init; }

    public bool Force { get; init; }

    public FieldValidation FieldValidation { get; init; } = FieldValidation.Warn;

    /// <summary>Sent back as Warning headers, in order.</summary>
    public List<string> Warnings { get; init; } = [];

    public void Warn(string text)
    {
        if (!Warnings.Contains(text))
        {
            Warnings.Add(text);
        }
    }
}

/// <summary>DeleteOptions as the query or the body gave them.</summary>
internal sealed record DeleteRequest
{
    public long? GracePeriodSeconds { get; init; }

    public string? PropagationPolicy { get; init; }

    public bool? OrphanDependents { get; init; }

    public string? Uid { get; init; }

    public string? ResourceVersion { get; init; }
}
