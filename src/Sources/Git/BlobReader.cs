using System.Diagnostics;
using System.Globalization;
using System.Text;
using Bowline.Sources.Files;

namespace Bowline.Sources.Git;

/// <summary>
/// Reads objects of one repository through a <c>git cat-file --batch</c> that is started when needed and ends by itself after
/// some seconds without work, so that trees need no disposing.
/// </summary>
internal sealed class BlobReader
{
    private static readonly TimeSpan Idle = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly Lock gate = new();
    private readonly string folder;
    private readonly GitProgram git;
    private readonly ITimer timer;
    private Process? process;
    private Stream? answers;

    public BlobReader(string folder, GitProgram git, TimeProvider time)
    {
        this.folder = folder;
        // Reading never goes to a server: in a partial clone Git would, one file at a time and without a login.
        this.git = git.With([], new Dictionary<string, string> { ["GIT_ALLOW_PROTOCOL"] = "none" });
        // The timer serves both: as watchdog while an answer is due, and to end the program when nobody asks any more.
        timer = time.CreateTimer(static reader => ((BlobReader)reader!).Kill(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <param name="id">Object id in hexadecimal digits.</param>
    /// <param name="path">For messages.</param>
    /// <param name="maxBytes">Refused above this, unread.</param>
    public byte[] Read(string id, string path, long maxBytes) =>
        TryRead(id, path, maxBytes) ?? throw new SourceException($"{path}: git does not give out object {id} of the repository", path);

    /// <summary>The same; null when the object is not there.</summary>
    public byte[]? TryRead(string id, string path, long maxBytes)
    {
        lock (gate)
        {
            try
            {
                // An idle program may end just when it is asked; a fresh one is asked once more. In a partial clone Git ends when it is asked for what is not here.
                return Ask(id, path, maxBytes, out bool missing) ?? (missing ? null : Ask(id, path, maxBytes, out _));
            }
            finally
            {
                timer.Change(Idle, Timeout.InfiniteTimeSpan);
            }
        }
    }

    /// <param name="missing">Whether Git said so, and did not just end.</param>
    private byte[]? Ask(string id, string path, long maxBytes, out bool missing)
    {
        missing = false;
        try
        {
            timer.Change(Patience, Timeout.InfiniteTimeSpan);
            Ensure();
            process!.StandardInput.BaseStream.Write(Encoding.ASCII.GetBytes(id + "\n"));
            process.StandardInput.BaseStream.Flush();
            string[] header = ReadLine().Split(' ');
            if (header.Length != 3 || !long.TryParse(header[2], NumberStyles.None, CultureInfo.InvariantCulture, out long size))
            {
                missing = true;
                return null;
            }

            if (size > maxBytes)
            {
                Kill();
                throw new SourceException($"{path}: larger than {maxBytes} bytes", path);
            }

            byte[] content = new byte[size];
            answers!.ReadExactly(content);
            answers.ReadByte();
            return content;
        }
        catch (Exception error) when (error is IOException or ObjectDisposedException or InvalidOperationException)
        {
            Kill();
            return null;
        }
    }

    private void Ensure()
    {
        if (process is null or { HasExited: true })
        {
            Kill();
            process = git.Start(folder, ["cat-file", "--batch"]);
            process.ErrorDataReceived += static (_, _) => { };
            process.BeginErrorReadLine();
            answers = new BufferedStream(process.StandardOutput.BaseStream, 64 * 1024);
        }
    }

    private string ReadLine()
    {
        StringBuilder line = new();
        for (int next = answers!.ReadByte(); next != '\n'; next = answers.ReadByte())
        {
            line.Append(next < 0 || line.Length > 1024 ? throw new EndOfStreamException() : (char)next);
        }

        return line.ToString();
    }

    private void Kill()
    {
        if (Interlocked.Exchange(ref process, null) is { } running)
        {
            GitProgram.Kill(running);
            running.Dispose();
        }
    }
}
