using System.Globalization;
using Bowline.EmbeddedCluster.Validation;
using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.Admission.PodSecurity;

internal enum PodSecurityLevel
{
    Privileged,
    Baseline,
    Restricted,
}

/// <summary>A level with the Kubernetes minor version whose rules count; null is the latest.</summary>
internal readonly record struct PodSecurityStandard(PodSecurityLevel Level, int? Minor)
{
    public bool IsAtLeast(int minor) => Minor is null || Minor >= minor;

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Level.ToString().ToLowerInvariant()}:{(Minor is null ? "latest" : $"v1.{Minor}")}");
}

/// <summary>What a namespace's <c>pod-security.kubernetes.io</c> labels ask for.</summary>
internal sealed record PodSecurityPolicy(PodSecurityStandard Enforce, PodSecurityStandard Audit, PodSecurityStandard Warn, IReadOnlyList<FieldError> Errors)
{
    private const string Prefix = "pod-security.kubernetes.io/";

    public bool IsPrivileged => Enforce.Level == PodSecurityLevel.Privileged && Audit.Level == PodSecurityLevel.Privileged && Warn.Level == PodSecurityLevel.Privileged;

    /// <summary>A label that means nothing enforces the strictest level, and neither audits nor warns.</summary>
    public static PodSecurityPolicy Of(Node? labels)
    {
        List<FieldError> errors = [];
        PodSecurityStandard enforce = Read(labels, "enforce", PodSecurityLevel.Restricted, errors, out bool enforces);
        PodSecurityStandard audit = Read(labels, "audit", PodSecurityLevel.Privileged, errors, out _);
        PodSecurityStandard warn = Read(labels, "warn", PodSecurityLevel.Privileged, errors, out bool warns);
        if (!warns && enforces && enforce.Level > warn.Level)
        {
            // Who creates a Deployment learns at once that its pods will be refused.
            warn = enforce;
        }

        return new PodSecurityPolicy(enforce, audit, warn, errors);
    }

    private static PodSecurityStandard Read(Node? labels, string mode, PodSecurityLevel otherwise, List<FieldError> errors, out bool isSet)
    {
        string? text = labels?[Prefix + mode]?.AsString();
        isSet = text is not null;
        PodSecurityLevel level = PodSecurityLevel.Privileged;
        if (text is not null)
        {
            level = text switch { "privileged" => PodSecurityLevel.Privileged, "baseline" => PodSecurityLevel.Baseline, "restricted" => PodSecurityLevel.Restricted, _ => otherwise };
            if (text is not ("privileged" or "baseline" or "restricted"))
            {
                errors.Add(FieldError.Invalid($"metadata.labels[{Prefix}{mode}]", text, "must be one of privileged, baseline, restricted"));
            }
        }

        return new PodSecurityStandard(level, ReadVersion(labels, mode, errors));
    }

    private static int? ReadVersion(Node? labels, string mode, List<FieldError> errors)
    {
        string? text = labels?[$"{Prefix}{mode}-version"]?.AsString();
        if (text is null or "latest")
        {
            return null;
        }

        if (text.StartsWith("v1.", StringComparison.Ordinal) && int.TryParse(text.AsSpan(3), NumberStyles.None, CultureInfo.InvariantCulture, out int minor))
        {
            return minor;
        }

        errors.Add(FieldError.Invalid($"metadata.labels[{Prefix}{mode}-version]", text, "must be \"latest\" or \"v1.x\""));
        return null;
    }
}
