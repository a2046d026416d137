using System.Diagnostics;
using Bowline.Sources.Files;
using Bowline.Sources.Git;

namespace Bowline.Sources.Tests.Git;

public sealed class SignatureTests : IDisposable
{
    private readonly TestRepository repository = new();
    private readonly GitFetcher fetcher;
    private readonly string gnupg;

    public SignatureTests()
    {
        fetcher = new GitFetcher(repository.Elsewhere("cache"), TimeProvider.System);
        // gpg's sockets have short names only.
        gnupg = Directory.CreateTempSubdirectory("gpg-").FullName;
        repository.Write("a.yaml", "1");
    }

    public void Dispose()
    {
        fetcher.Dispose();
        Run("gpgconf", "--homedir", gnupg, "--kill", "all");
        Directory.Delete(gnupg, recursive: true);
        repository.Dispose();
    }

    [Fact]
    public async Task A_commit_is_delivered_when_a_trusted_OpenPGP_key_signed_it()
    {
        (string alice, string aliceKey) = OpenPgp("alice");
        (string mallory, string malloryKey) = OpenPgp("mallory");
        string unsigned = repository.Commit();
        string signed = SignedCommit("openpgp", alice);
        string foreign = SignedCommit("openpgp", mallory);
        TrustedKeys keys = new([new OpenPgpKey(alice[^16..], aliceKey)], []);
        foreach (string url in (string[])["file://" + repository.Root, await repository.ServeAsync()])
        {
            Assert.Equal(signed, (await FetchAsync(url, signed, keys)).Revision.Commit);
            Assert.Contains("is not signed", (await RefusedAsync(url, unsigned, keys)).Message);
            Assert.Contains("signed by a key that is not trusted", (await RefusedAsync(url, foreign, keys)).Message);

            // The public key is there, but the project names another one.
            TrustedKeys other = new([new OpenPgpKey(alice, aliceKey + "\n" + malloryKey)], []);
            Assert.Contains($"is signed by {mallory}", (await RefusedAsync(url, foreign, other)).Message);
            Assert.Contains("nobody has brought", (await RefusedAsync(url, signed, new TrustedKeys([new OpenPgpKey(alice, "")], []))).Message);
        }
    }

    [Fact]
    public async Task A_commit_is_delivered_when_a_trusted_ssh_key_signed_it()
    {
        string unsigned = repository.Commit();
        string trusted = await SshKeyAsync("trusted");
        string stranger = await SshKeyAsync("stranger");
        string signed = SignedCommit("ssh", repository.Elsewhere("trusted"));
        string foreign = SignedCommit("ssh", repository.Elsewhere("stranger"));
        TrustedKeys keys = new([], [trusted]);
        string url = await repository.ServeAsync();
        Assert.Equal(signed, (await FetchAsync(url, signed, keys)).Revision.Commit);
        await RefusedAsync(url, foreign, keys);
        await RefusedAsync(url, unsigned, keys);
        Assert.Equal(foreign, (await FetchAsync(url, "main", new TrustedKeys([], [trusted, stranger]))).Revision.Commit);
    }

    [Fact]
    public async Task Of_an_annotated_tag_the_tag_itself_must_be_signed()
    {
        (string alice, string aliceKey) = OpenPgp("alice");
        SignedCommit("openpgp", alice);
        repository.Run("-c", "user.name=t", "-c", "user.email=t@t", "tag", "-a", "v1", "-m", "annotated, not signed");
        Environ(() => repository.Run("-c", "user.name=t", "-c", "user.email=t@t", "-c", $"user.signingKey={alice}", "tag", "-s", "v2", "-m", "signed"));
        TrustedKeys keys = new([new OpenPgpKey(alice, aliceKey)], []);
        foreach (string url in (string[])["file://" + repository.Root, await repository.ServeAsync()])
        {
            await FetchAsync(url, "main", keys);
            await FetchAsync(url, "v2", keys);
            Assert.StartsWith($"{(url.StartsWith("git:", StringComparison.Ordinal) ? url + ": " : "")}tag object", (await RefusedAsync(url, "v1", keys)).Message);
        }
    }

    [Fact]
    public async Task A_working_tree_with_changes_is_signed_by_nobody()
    {
        (string alice, string aliceKey) = OpenPgp("alice");
        SignedCommit("openpgp", alice);
        TrustedKeys keys = new([new OpenPgpKey(alice, aliceKey)], []);
        await FetchAsync(repository.Root, "", keys);
        repository.Write("a.yaml", "changed");
        Assert.Contains("no commit holds", (await RefusedAsync(repository.Root, "", keys)).Message);
    }

    private string SignedCommit(string format, string key)
    {
        repository.Write("a.yaml", Guid.NewGuid().ToString());
        repository.Run("add", "-A");
        Environ(() => repository.Run("-c", "user.name=t", "-c", "user.email=t@t", "-c", $"gpg.format={format}", "-c", $"user.signingKey={key}", "commit", "-q", "-S", "-m", "signed"));
        return repository.Run("rev-parse", "HEAD").Trim();
    }

    /// <summary>Fingerprint and armoured public key of a new key.</summary>
    private (string Fingerprint, string Armoured) OpenPgp(string name)
    {
        Run("gpg", "--homedir", gnupg, "--batch", "--quiet", "--passphrase", "", "--quick-generate-key", $"{name} <{name}@example.com>", "ed25519", "sign", "never");
        string listing = Run("gpg", "--homedir", gnupg, "--with-colons", "--list-keys", $"{name}@example.com");
        string fingerprint = listing.Split('\n').First(line => line.StartsWith("fpr:", StringComparison.Ordinal)).Split(':')[9];
        return (fingerprint, Run("gpg", "--homedir", gnupg, "--armor", "--export", fingerprint));
    }

    private async Task<string> SshKeyAsync(string name)
    {
        await SshServer.KeyAsync(repository.Elsewhere(name));
        return (await File.ReadAllTextAsync(repository.Elsewhere(name + ".pub"))).Trim();
    }

    private void Environ(Action action)
    {
        string program = repository.Elsewhere("gpg-here");
        File.WriteAllText(program, $"#!/bin/sh\nexec gpg --homedir {gnupg} \"$@\"\n");
        Run("chmod", "+x", program);
        repository.Run("config", "gpg.program", program);
        action();
        repository.Run("config", "--unset", "gpg.program");
    }

    private static string Run(string program, params string[] arguments)
    {
        using Process process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        string output = process.StandardOutput.ReadToEnd();
        string error = process.StandardError.ReadToEnd();
        process.WaitForExit();
        Assert.True(process.ExitCode == 0, $"{program}: {error}");
        return output;
    }

    private Task<SourceSnapshot> FetchAsync(string url, string revision, TrustedKeys keys) =>
        fetcher.FetchAsync(new SourceRef(url, revision) { TrustedKeys = keys }, default).WaitAsync(TimeSpan.FromSeconds(60));

    private Task<SourceException> RefusedAsync(string url, string revision, TrustedKeys keys) => Assert.ThrowsAsync<SourceException>(() => FetchAsync(url, revision, keys));
}
