namespace Bowline.Cluster.Http;

public sealed record HttpClusterOptions
{
    public static readonly HttpClusterOptions Default = new();

    public TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>For one request with its answer; watches are exempt.</summary>
    public TimeSpan RequestTimeout { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>Requests under way at once, watches not counted.</summary>
    public int MaxRequestsInFlight { get; init; } = 32;

    /// <summary>Requests per second over all callers, beginnings of watches and second attempts included; 0 for as many as it takes.</summary>
    public double RequestsPerSecond { get; init; }

    /// <summary>Requests that may come at once before <see cref="RequestsPerSecond"/> holds them back.</summary>
    public int Burst { get; init; } = 300;

    /// <summary>Largest answer, and largest single watch event, that is read.</summary>
    public int MaxResponseBytes { get; init; } = 256 * 1024 * 1024;

    /// <summary>Further attempts after 429, 503 or a lost connection.</summary>
    public int MaxRetries { get; init; } = 4;

    /// <summary>Longest that one Retry-After is obeyed; a server that asks for more gets its error reported.</summary>
    public TimeSpan LongestRetryWait { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>After how long (to twice as long) the server is asked to end a watch, so that a silently dead one is noticed.</summary>
    public TimeSpan WatchDuration { get; init; } = TimeSpan.FromMinutes(5);

    public string UserAgent { get; init; } = "bowline";
}
