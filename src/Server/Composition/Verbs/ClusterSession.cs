using System.Net;
using System.Net.Sockets;
using Bowline.Applications.Model;
using Bowline.Cluster.Kubeconfig;
using Bowline.Cluster.Requests;
using Bowline.EmbeddedCluster.Hosting;
using Bowline.Server.Composition.Homes;

namespace Bowline.Server.Composition.Verbs;

/// <summary>What <c>bowline cluster start</c> was asked to do.</summary>
public sealed record ClusterOptions
{
    /// <summary>6443, as everywhere.</summary>
    public const int UsualPort = 6443;

    public string Name { get; init; } = "bowline";

    /// <summary>Null takes 6443, or any free port when that is taken; 0 any free port.</summary>
    public int? Port { get; init; }

    public string BindAddress { get; init; } = "127.0.0.1";

    /// <summary>Further names and addresses for the server's certificate.</summary>
    public IReadOnlyList<string> ServerNames { get; init; } = [];

    /// <summary>Keep the cluster here across runs; empty holds it in memory.</summary>
    public string StateDirectory { get; init; } = string.Empty;

    public SimulationOptions Simulation { get; init; } = new();

    /// <summary>The API server alone, as envtest has it: nothing happens to objects that no client does.</summary>
    public bool OnlyApiServer { get; init; }

    /// <summary>Missing Secrets and storage classes keep pods from running, as on a real cluster.</summary>
    public bool Strict { get; init; }

    /// <summary>Where to merge the kubeconfig; empty chooses a place of its own.</summary>
    public string KubeconfigFile { get; init; } = string.Empty;

    /// <summary>A bearer token that is the administrator; empty for none.</summary>
    public string Token { get; init; } = string.Empty;

    /// <summary>kube-apiserver's token file; empty for none.</summary>
    public string TokenFile { get; init; } = string.Empty;

    /// <summary>Where to write audit events; empty for nowhere, <c>-</c> for standard output.</summary>
    public string AuditLog { get; init; } = string.Empty;

    /// <summary>An audit.k8s.io/v1 Policy; empty records the metadata of every request.</summary>
    public string AuditPolicy { get; init; } = string.Empty;
}

/// <summary>One embedded cluster without deliveries, as <c>bowline cluster start</c> runs it.</summary>
public sealed class ClusterSession : IAsyncDisposable
{
    private readonly EmbeddedClusterHost host;
    private readonly ControllerManager? controllers;

    private ClusterSession(EmbeddedClusterHost host, ControllerManager? controllers, string kubeconfig)
    {
        this.host = host;
        this.controllers = controllers;
        KubeconfigFile = kubeconfig;
    }

    public string Name => host.Name;

    public Uri Server => host.Server;

    /// <summary>The Kubernetes version that the server speaks.</summary>
    public static string KubernetesVersion => EmbeddedClusterHost.KubernetesVersion;

    public string KubeconfigFile { get; }

    /// <summary>What is to be said of the state that it started with.</summary>
    public IReadOnlyList<string> Notes => host.Notes;

    /// <summary>Returns when the cluster is ready and its kubeconfig is written.</summary>
    /// <exception cref="UsageException">Options that cannot be meant, among them a port that is taken.</exception>
    public static async Task<ClusterSession> StartAsync(ClusterOptions options, TimeProvider time, CancellationToken cancellationToken)
    {
        TimeProvider clock = options.Simulation.Clock(time);
        ControllerManager? controllers = null;
        EmbeddedClusterHost? host = null;
        try
        {
            async Task ControlAsync(ICluster cluster, string authority)
            {
                if (!options.OnlyApiServer)
                {
                    controllers = await ControllerManager.StartAsync(cluster, clock, options.Simulation.Manager(authority, options.Strict), cancellationToken).ConfigureAwait(false);
                }
            }

            host = await StartHostAsync(HostOptions(options, clock), ControlAsync, cancellationToken).ConfigureAwait(false);
            string file = KubeconfigPath(options);
            await KubeconfigWriter.WriteAsync(file, Connection(host), makeCurrent: true, time, cancellationToken).ConfigureAwait(false);
            return new ClusterSession(host, controllers, file);
        }
        catch
        {
            await StopAsync(host, controllers).ConfigureAwait(false);
            throw;
        }
    }

    public async ValueTask DisposeAsync() => await StopAsync(host, controllers).ConfigureAwait(false);

    private static async Task StopAsync(EmbeddedClusterHost? host, ControllerManager? controllers)
    {
        if (controllers is not null)
        {
            await controllers.DisposeAsync().ConfigureAwait(false);
        }

        if (host is not null)
        {
            await host.DisposeAsync().ConfigureAwait(false);
        }
    }

    private static async Task<EmbeddedClusterHost> StartHostAsync(EmbeddedClusterOptions host, Func<ICluster, string, Task> beside, CancellationToken cancellationToken)
    {
        try
        {
            return await EmbeddedClusterHost.StartAsync(host, beside, cancellationToken).ConfigureAwait(false);
        }
        catch (FormatException e)
        {
            throw new UsageException($"--audit-policy: {e.Message}");
        }
        catch (AddressInUseException)
        {
            throw new UsageException($"--port {host.Port}: {host.BindAddress}:{host.Port} is in use; another port may be free, and --port 0 finds one");
        }
    }

    /// <summary>6443 unless someone has it.</summary>
    private static int UsualOrAny(IPAddress address)
    {
        using Socket probe = new(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            probe.Bind(new IPEndPoint(address, ClusterOptions.UsualPort));
            return ClusterOptions.UsualPort;
        }
        catch (SocketException)
        {
            return 0;
        }
    }

    private static EmbeddedClusterOptions HostOptions(ClusterOptions options, TimeProvider time)
    {
        if (!IPAddress.TryParse(options.BindAddress, out IPAddress? address))
        {
            throw new UsageException($"--bind-address {options.BindAddress}: not an IP address");
        }

        return new EmbeddedClusterOptions
        {
            Name = options.Name,
            BindAddress = address,
            Port = options.Port ?? UsualOrAny(address),
            ServerNames = options.ServerNames,
            StateDirectory = options.StateDirectory.Length > 0 ? Path.GetFullPath(options.StateDirectory) : null,
            Tokens = Tokens(options),
            AuditLog = options.AuditLog.Length == 0 ? null : options.AuditLog == "-" ? "-" : Path.GetFullPath(options.AuditLog),
            AuditPolicy = options.AuditPolicy.Length == 0 ? null : File.ReadAllText(options.AuditPolicy),
            Time = time,
        };
    }

    private static List<StaticToken> Tokens(ClusterOptions options)
    {
        List<StaticToken> tokens = options.Token.Length > 0 ? [new StaticToken(options.Token, "admin", ["system:masters"])] : [];
        if (options.TokenFile.Length > 0)
        {
            try
            {
                tokens.AddRange(StaticToken.Parse(File.ReadAllText(options.TokenFile)));
            }
            catch (FormatException e)
            {
                throw new UsageException($"--token-auth-file {options.TokenFile}: {e.Message}");
            }
        }

        return tokens;
    }

    private static string KubeconfigPath(ClusterOptions options) =>
        options.KubeconfigFile.Length > 0 ? Path.GetFullPath(options.KubeconfigFile)
        : options.StateDirectory.Length > 0 ? Path.Combine(Path.GetFullPath(options.StateDirectory), "kubeconfig")
        : Path.Combine(BowlineHome.Folder, "clusters", options.Name, "kubeconfig");

    private static ClusterConnection Connection(EmbeddedClusterHost host) => new(host.Name, host.Server)
    {
        CertificateAuthority = host.CertificateAuthority,
        ClientCertificate = host.ClientCertificate,
        ClientKey = host.ClientKey,
    };
}
