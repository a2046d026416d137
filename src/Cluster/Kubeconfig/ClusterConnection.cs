using Bowline.Resources.Model;

namespace Bowline.Cluster.Kubeconfig;

/// <summary>Everything needed to speak to one cluster, with files already read. Prints its name and server, never a secret.</summary>
/// <param name="Name">The context's name.</param>
/// <param name="Server">Base address; a path (Rancher and other gateways) is kept.</param>
public sealed record ClusterConnection(string Name, Uri Server)
{
    /// <summary>PEM of the authorities to trust; null trusts the machine's.</summary>
    public string? CertificateAuthority { get; init; }

    /// <summary>PEM, the leaf first, perhaps with intermediates.</summary>
    public string? ClientCertificate { get; init; }

    public string? ClientKey { get; init; }

    public string? Token { get; init; }

    /// <summary>A file that is read again every minute, since whoever issued its token rotates it; wins over <see cref="Token"/>.</summary>
    public string? TokenFile { get; init; }

    public string? Username { get; init; }

    public string? Password { get; init; }

    public bool SkipTlsVerify { get; init; }

    /// <summary>The name the server's certificate must carry; null for the server's host.</summary>
    public string? TlsServerName { get; init; }

    /// <summary>Null uses the environment's proxy settings.</summary>
    public Uri? Proxy { get; init; }

    /// <summary>Answers are asked for as they are: for servers on a fast network.</summary>
    public bool DisableCompression { get; init; }

    /// <summary>The context's namespace; empty when it names none.</summary>
    public string Namespace { get; init; } = string.Empty;

    /// <summary>A program to ask for a token; only set when its name was allowed.</summary>
    public ExecPlugin? Exec { get; init; }

    /// <summary>Whom to act as with these credentials (<c>as</c>); null for their own user.</summary>
    public Impersonation? As { get; init; }

    public override string ToString() => $"{Name} ({Server})";
}

/// <summary>A user that requests are sent in the name of: the headers <c>Impersonate-User</c>, <c>-Uid</c>, <c>-Group</c> and <c>-Extra-*</c>.</summary>
/// <remarks>One group and one value each: .NET's HTTP client joins several lines of a header to one, which would be a group of another name.</remarks>
public sealed record Impersonation(string User)
{
    public string Uid { get; init; } = string.Empty;

    public string Group { get; init; } = string.Empty;

    public IReadOnlyDictionary<string, string> Extra { get; init; } = new Dictionary<string, string>();

    public override string ToString() => User;
}

/// <summary>A client-go credential plugin: a program that prints an ExecCredential with a token, a client certificate or both.</summary>
public sealed record ExecPlugin(string Command, IReadOnlyList<string> Arguments, string ApiVersion)
{
    public IReadOnlyDictionary<string, string> Environment { get; init; } = new Dictionary<string, string>();

    /// <summary>Tell the program which cluster it is asked for (<c>provideClusterInfo</c>).</summary>
    public bool ProvideClusterInfo { get; init; }

    /// <summary>What the kubeconfig's cluster says for such programs (the extension <c>client.authentication.k8s.io/exec</c>); null when nothing.</summary>
    public Node? ClusterConfig { get; init; }

    /// <summary>How to come by the program, in the kubeconfig's words; empty when it says nothing.</summary>
    public string InstallHint { get; init; } = string.Empty;

    public override string ToString() => Command;
}
