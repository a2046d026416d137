using System.Text;
using System.Text.RegularExpressions;
using Bowline.Sources.Files;

namespace Bowline.Sources.Git;

/// <summary>Asks Git, and through it gpg and ssh-keygen, who signed an object; each check has a keyring of its own, which holds the trusted keys and no other.</summary>
internal sealed partial class SignatureCheck(GitProgram git, string repositoryFolder)
{
    /// <param name="subject">For messages: <c>commit 1a2b3c4</c> or <c>tag v1</c>.</param>
    /// <param name="verb"><c>verify-commit</c> or <c>verify-tag</c>.</param>
    /// <exception cref="SourceException">Not signed, not by a trusted key, or the signature is bad.</exception>
    public async Task VerifyAsync(string subject, string verb, string id, TrustedKeys keys, CancellationToken cancellationToken)
    {
        using KeyFolder folder = KeyFolder.Make();
        await ImportAsync(folder, keys, cancellationToken).ConfigureAwait(false);
        string allowed = folder.Write("allowed_signers", string.Concat(keys.Ssh.Select(key => $"* namespaces=\"git\" {OneLine(key)}\n")));
        GitProgram asking = git.With(
            [("gpg.ssh.allowedSignersFile", allowed), ("gpg.program", "gpg"), ("gpg.ssh.program", "ssh-keygen"), ("gpg.minTrustLevel", "undefined")],
            new Dictionary<string, string> { ["GNUPGHOME"] = folder.Path });
        (int code, _, string said) = await asking.TryAsync(repositoryFolder, [verb, "--raw", id], cancellationToken).ConfigureAwait(false);

        // The status lines are gpg's machine interface (doc/DETAILS): a good signature names the fingerprints of the key and of its primary key.
        Match valid = ValidSignature().Match(said);
        bool byOpenPgp = code == 0 && valid.Success && said.Contains("[GNUPG:] GOODSIG ", StringComparison.Ordinal)
            && keys.OpenPgp.Any(key => Names(key.Id, valid.Groups["key"].Value) || Names(key.Id, valid.Groups["primary"].Value));
        bool bySsh = code == 0 && keys.Ssh.Count > 0 && said.Contains("Good \"git\" signature for ", StringComparison.Ordinal);
        if (!byOpenPgp && !bySsh)
        {
            throw new SourceException($"{subject} {Reason(said, valid)}; the project asks for a signature by {Describe(keys)}") { IsUntrusted = true };
        }
    }

    private static bool Names(string id, string fingerprint) => id.Length >= 8 && fingerprint.EndsWith(id, StringComparison.OrdinalIgnoreCase);

    private static string Reason(string said, Match valid) => said switch
    {
        _ when valid.Success => $"is signed by {valid.Groups["key"].Value}, which is not among the trusted keys",
        var text when text.Contains("[GNUPG:] BADSIG", StringComparison.Ordinal) || text.Contains("Could not verify signature", StringComparison.Ordinal) => "has a signature that does not fit its content or its key",
        var text when text.Contains("[GNUPG:] EXPKEYSIG", StringComparison.Ordinal) => "is signed by a key that has expired",
        var text when text.Contains("[GNUPG:] REVKEYSIG", StringComparison.Ordinal) => "is signed by a key that was revoked",
        var text when text.Contains("[GNUPG:] NO_PUBKEY", StringComparison.Ordinal) || text.Contains("No principal matched", StringComparison.Ordinal) => "is signed by a key that is not trusted",
        var text when text.Contains("cannot run", StringComparison.Ordinal) || text.Contains("not found", StringComparison.Ordinal) => "cannot be checked (gpg or ssh-keygen is not installed)",
        _ => "is not signed",
    };

    private static string Describe(TrustedKeys keys) => string.Join(" or ", keys.OpenPgp.Select(key => key.Armoured.Length > 0 ? key.Id : $"{key.Id} (whose public key nobody has brought)").Concat(keys.Ssh.Select(key => key.Split(' ')[0])));

    private static string OneLine(string key) => key.ReplaceLineEndings(" ").Trim();

    private async Task ImportAsync(KeyFolder folder, TrustedKeys keys, CancellationToken cancellationToken)
    {
        string[] armoured = [.. keys.OpenPgp.Select(key => key.Armoured).Where(text => text.Length > 0).Distinct()];
        for (int i = 0; i < armoured.Length; i++)
        {
            string file = folder.Write($"key-{i}.asc", armoured[i]);
            (int code, string said) = await git.RunOtherAsync(
                "gpg", ["--homedir", folder.Path, "--batch", "--quiet", "--no-tty", "--import", file], cancellationToken).ConfigureAwait(false);
            if (code != 0)
            {
                throw new SourceException($"a trusted OpenPGP key cannot be read by gpg: {said.Trim().Split('\n')[^1]}");
            }
        }
    }

    [GeneratedRegex(@"^\[GNUPG:\] VALIDSIG (?<key>[0-9A-F]{40,64})(?: \S+){8} (?<primary>[0-9A-F]{40,64})", RegexOptions.CultureInvariant | RegexOptions.Multiline | RegexOptions.ExplicitCapture)]
    private static partial Regex ValidSignature();
}
