using System.Collections;
using System.ComponentModel;
using System.Diagnostics;
using System.Text;
using Bowline.Sources.Files;

namespace Bowline.Sources.Git;

/// <summary>
/// Runs the <c>git</c> program: never through a shell, without prompts, hooks, system configuration or transports that run
/// programs, bounded in time and output. What it says in an error is shown without credentials.
/// </summary>
internal sealed class GitProgram(TimeProvider time)
{
    private const int MaxOutput = 256 * 1024 * 1024;
    private const int MaxComplaint = 64 * 1024;

    public TimeSpan Timeout { get; init; } = TimeSpan.FromMinutes(2);

    /// <summary>Settings given in the environment, where other users of the machine cannot read them.</summary>
    public IReadOnlyList<(string Key, string Value)> Settings { get; init; } = [];

    /// <summary>Further environment of the program.</summary>
    public IReadOnlyDictionary<string, string> Variables { get; init; } = new Dictionary<string, string>();

    /// <summary>The same, logging in this way; for as long as the login lives.</summary>
    public GitProgram With(GitLogin login) => With(login.Settings, login.Environment);

    public GitProgram With(IReadOnlyList<(string Key, string Value)> settings, IReadOnlyDictionary<string, string> variables) =>
        new(time) { Timeout = Timeout, Settings = [.. Settings, .. settings], Variables = variables };

    /// <summary>The output of a command that must succeed.</summary>
    /// <exception cref="SourceException">It failed, was not found, or took too long.</exception>
    public async Task<byte[]> RunAsync(string folder, IReadOnlyList<string> arguments, CancellationToken cancellationToken)
    {
        (int code, byte[] output, string complaint) = await TryAsync(folder, arguments, cancellationToken).ConfigureAwait(false);
        return code == 0 ? output : throw new SourceException($"git {arguments[0]}: {Explain(complaint, code)}");
    }

    public async Task<string> TextAsync(string folder, IReadOnlyList<string> arguments, CancellationToken cancellationToken) =>
        Encoding.UTF8.GetString(await RunAsync(folder, arguments, cancellationToken).ConfigureAwait(false));

    /// <summary>Exit code, output and what was said on standard error.</summary>
    public async Task<(int Code, byte[] Output, string Complaint)> TryAsync(string folder, IReadOnlyList<string> arguments, CancellationToken cancellationToken)
    {
        using Process process = Start(folder, arguments);
        return await ReadAsync(process, $"git {arguments[0]}", cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Runs a program that Git works with, under the same bounds; returns its exit code and what it said on standard error.</summary>
    public async Task<(int Code, string Complaint)> RunOtherAsync(string program, IReadOnlyList<string> arguments, CancellationToken cancellationToken)
    {
        ProcessStartInfo start = new(program, arguments) { UseShellExecute = false, RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["LC_ALL"] = "C";
        try
        {
            using Process process = Process.Start(start)!;
            (int code, _, string complaint) = await ReadAsync(process, program, cancellationToken).ConfigureAwait(false);
            return (code, complaint);
        }
        catch (Win32Exception error)
        {
            throw new SourceException($"{program} cannot be run; is it installed?", inner: error);
        }
    }

    private async Task<(int Code, byte[] Output, string Complaint)> ReadAsync(Process process, string what, CancellationToken cancellationToken)
    {
        using CancellationTokenSource limit = new(Timeout, time);
        using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        try
        {
            process.StandardInput.Close();
            Task<byte[]> output = ReadAsync(process.StandardOutput.BaseStream, MaxOutput, refuse: true, either.Token);
            Task<byte[]> complaint = ReadAsync(process.StandardError.BaseStream, MaxComplaint, refuse: false, either.Token);
            await Task.WhenAll(output, complaint).ConfigureAwait(false);
            await process.WaitForExitAsync(either.Token).ConfigureAwait(false);
            return (process.ExitCode, output.Result, Encoding.UTF8.GetString(complaint.Result));
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new SourceException($"{what}: took longer than {Timeout.TotalSeconds:0} s");
        }
        finally
        {
            Kill(process);
        }
    }

    /// <summary>Starts a command that is spoken to, such as <c>cat-file --batch</c>; the caller ends it.</summary>
    public Process Start(string folder, IReadOnlyList<string> arguments)
    {
        ProcessStartInfo start = new("git")
        {
            WorkingDirectory = folder,
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (string argument in (string[])[
            "--no-pager", "--literal-pathspecs",
            "-c", "core.hooksPath=/dev/null", "-c", "core.fsmonitor=false", "-c", "core.quotePath=false",
            "-c", "gc.auto=0", "-c", "maintenance.auto=false", "-c", "fetch.recurseSubmodules=false", "-c", "submodule.recurse=false",
            .. arguments])
        {
            start.ArgumentList.Add(argument);
        }

        SetEnvironment(start.Environment);
        try
        {
            return Process.Start(start)!;
        }
        catch (Win32Exception error)
        {
            throw new SourceException($"git cannot be run in {folder}; is it installed?", folder, error);
        }
    }

    public static void Kill(Process process)
    {
        try
        {
            if (!process.HasExited)
            {
                process.Kill(entireProcessTree: true);
            }
        }
        catch (Exception error) when (error is InvalidOperationException or Win32Exception)
        {
            // It ended by itself in the meantime.
        }
    }

    /// <summary>The last thing Git said, which is the reason; the lines before it are progress and hints.</summary>
    public static string Explain(string complaint, int code)
    {
        if (complaint.Contains("dubious ownership", StringComparison.Ordinal))
        {
            return "the repository belongs to another user, so git refuses it; allow it with git config --global --add safe.directory";
        }

        string[] lines = [.. complaint.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).Where(line => !line.StartsWith("hint:", StringComparison.Ordinal))];
        string? reason = lines.FirstOrDefault(line => line.StartsWith("fatal:", StringComparison.Ordinal) || line.StartsWith("ERROR:", StringComparison.Ordinal)) ?? lines.LastOrDefault();
        return reason is null ? $"ended with exit code {code}" : RepositoryUrl.Redact(reason.StartsWith("fatal: ", StringComparison.Ordinal) ? reason[7..] : reason);
    }

    private void SetEnvironment(IDictionary<string, string?> environment)
    {
        // A GIT_DIR or GIT_INDEX_FILE of whoever started us (a hook, say) would lead to another repository.
        foreach (DictionaryEntry variable in Environment.GetEnvironmentVariables())
        {
            string name = (string)variable.Key;
            if (name.StartsWith("GIT_", StringComparison.Ordinal) && name is not ("GIT_SSH" or "GIT_SSH_COMMAND" or "GIT_SSL_CAINFO" or "GIT_CONFIG_GLOBAL" or "GIT_EXEC_PATH"))
            {
                environment.Remove(name);
            }
        }

        environment["GIT_TERMINAL_PROMPT"] = "0";
        environment["GIT_ASKPASS"] = "true";
        environment["SSH_ASKPASS"] = "true";
        environment["SSH_ASKPASS_REQUIRE"] = "force";
        environment["GIT_CONFIG_NOSYSTEM"] = "1";
        environment["GIT_ALLOW_PROTOCOL"] = "file:git:http:https:ssh";
        environment["GIT_OPTIONAL_LOCKS"] = "0";
        environment["GIT_LFS_SKIP_SMUDGE"] = "1";
        environment["GIT_NO_LAZY_FETCH"] = "1";
        environment["LC_ALL"] = "C";
        environment["GIT_CONFIG_COUNT"] = Settings.Count.ToString(System.Globalization.CultureInfo.InvariantCulture);
        for (int i = 0; i < Settings.Count; i++)
        {
            environment[$"GIT_CONFIG_KEY_{i}"] = Settings[i].Key;
            environment[$"GIT_CONFIG_VALUE_{i}"] = Settings[i].Value;
        }

        foreach ((string name, string value) in Variables)
        {
            environment[name] = value;
        }
    }

    private static async Task<byte[]> ReadAsync(Stream stream, int limit, bool refuse, CancellationToken cancellationToken)
    {
        using MemoryStream read = new();
        byte[] buffer = new byte[16 * 1024];
        while (await stream.ReadAsync(buffer, cancellationToken).ConfigureAwait(false) is > 0 and int count)
        {
            if (read.Length + count <= limit)
            {
                read.Write(buffer, 0, count);
            }
            else if (refuse)
            {
                throw new SourceException($"git prints more than {limit} bytes");
            }
        }

        return read.ToArray();
    }
}
