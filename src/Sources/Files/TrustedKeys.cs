namespace Bowline.Sources.Files;

/// <summary>Whose signature a commit (or an annotated tag that was asked for by name) must carry to be delivered.</summary>
/// <param name="OpenPgp">Key ids (8 to 40 hexadecimal digits, the end of a fingerprint counts) with the armoured public keys they are found in.</param>
/// <param name="Ssh">Public keys as one line each, <c>ssh-ed25519 AAAA…</c>.</param>
public sealed record TrustedKeys(IReadOnlyList<OpenPgpKey> OpenPgp, IReadOnlyList<string> Ssh)
{
    /// <summary>Equal for the same keys.</summary>
    internal string Identity { get; } = string.Join('\n', OpenPgp.Select(key => $"{key.Id} {key.Armoured}").Concat(Ssh));

    public bool Equals(TrustedKeys? other) => other?.Identity == Identity;

    public override int GetHashCode() => Identity.GetHashCode(StringComparison.Ordinal);
}

/// <param name="Id">As Argo CD's AppProject names it.</param>
/// <param name="Armoured">The public key; empty when nobody has brought it, so that nothing can match.</param>
public sealed record OpenPgpKey(string Id, string Armoured);
