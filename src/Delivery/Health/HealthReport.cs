using Bowline.Resources.Model;

namespace Bowline.Delivery.Health;

/// <summary>Argo CD's health of one object or of a whole application, from best to worst.</summary>
public enum HealthStatus
{
    Healthy,
    Suspended,
    Progressing,
    Missing,
    Degraded,
    Unknown,
}

/// <summary>A status and the cause in a sentence (empty when there is nothing to say).</summary>
public sealed record HealthReport(HealthStatus Status, string Message)
{
    public static readonly HealthReport Healthy = new(HealthStatus.Healthy, string.Empty);

    public static readonly HealthReport Missing = new(HealthStatus.Missing, "not in the cluster");

    public static HealthReport Progressing(string message) => new(HealthStatus.Progressing, message);

    public static HealthReport Degraded(string message) => new(HealthStatus.Degraded, message);

    public static HealthReport Suspended(string message) => new(HealthStatus.Suspended, message);
}

/// <summary>A rule for the health of one kind: a pure function of the live object.</summary>
public interface IHealthCheck
{
    HealthReport Check(MapNode live);
}
