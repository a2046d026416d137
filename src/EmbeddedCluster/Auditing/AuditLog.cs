namespace Bowline.EmbeddedCluster.Auditing;

/// <summary>Writes audit events as lines of JSON, each with one write, to a file that only its owner reads.</summary>
internal sealed class AuditLog : IAsyncDisposable
{
    private readonly AuditPolicy policy;
    private readonly TimeProvider time;
    private readonly Stream output;
    private readonly Lock gate = new();
    private long lost;

    private AuditLog(AuditPolicy policy, TimeProvider time, Stream output)
    {
        this.policy = policy;
        this.time = time;
        this.output = output;
    }

    /// <summary>Events that did not fit onto the disk.</summary>
    public long Lost => Interlocked.Read(ref lost);

    /// <param name="path"><c>-</c> is standard output.</param>
    public static AuditLog Open(string path, AuditPolicy policy, TimeProvider time)
    {
        if (path == "-")
        {
            return new AuditLog(policy, time, Console.OpenStandardOutput());
        }

        FileStreamOptions options = new() { Mode = FileMode.Append, Access = FileAccess.Write, Share = FileShare.ReadWrite, BufferSize = 0 };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        if (Path.GetDirectoryName(Path.GetFullPath(path)) is { } folder)
        {
            Directory.CreateDirectory(folder);
        }

        return new AuditLog(policy, time, new FileStream(path, options));
    }

    /// <summary>Null when the policy records nothing of this request.</summary>
    public AuditEntry? Begin(AuditedRequest request)
    {
        AuditDecision decision = policy.Decide(request.Requester, request.Target);
        return decision.Level == AuditLevel.None ? null : new AuditEntry(request, decision, time.GetUtcNow(), time, Write);
    }

    public async ValueTask DisposeAsync() => await output.DisposeAsync().ConfigureAwait(false);

    private void Write(byte[] line)
    {
        byte[] whole = [.. line, (byte)'\n'];
        lock (gate)
        {
            try
            {
                output.Write(whole);
            }
            catch (Exception e) when (e is IOException or ObjectDisposedException)
            {
                // A full disk must not take the API down, nor a request that outlives the server; the count says that something is missing.
                lost++;
            }
        }
    }
}
