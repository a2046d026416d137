using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Bowline.Tests.Helm.Dependencies;

namespace Bowline.Cli.Tests.EndToEnd;

/// <summary>Applications whose charts come from a repository of charts or an OCI registry in this process, delivered by the whole program.</summary>
public sealed class ChartSourceTests : IAsyncLifetime, IDisposable
{
    private readonly Scratch scratch = new();
    private readonly X509Certificate2 certificate = SelfSigned();
    private ChartServer charts = null!;
    private ChartServer registry = null!;

    public async Task InitializeAsync()
    {
        charts = await ChartServer.StartAsync();
        registry = await ChartServer.StartAsync(certificate);
        scratch.Write("README.md", "so that the folder is not empty\n");
    }

    public async Task DisposeAsync()
    {
        await charts.DisposeAsync();
        await registry.DisposeAsync();
    }

    public void Dispose()
    {
        scratch.Dispose();
        certificate.Dispose();
    }

    [Fact]
    public async Task A_chart_of_a_repository_is_delivered_at_the_newest_version_of_its_range()
    {
        charts.ServeRepository("web", "1.2.0", "1.4.1", "2.0.0");
        Application("web", $"  source: {{repoURL: {charts.Address}, chart: web, targetRevision: ^1.0.0, helm: {{releaseName: shown, valuesObject: {{tier: gold}}}}}}");
        UpJson report = await UpAsync(expectedExit: 0);
        Assert.Equal("Synced Healthy", report.State("web"));
        Assert.Contains(charts.Requests, request => request.Path == "/web-1.4.1.tgz");
        Assert.DoesNotContain(charts.Requests, request => request.Path == "/web-2.0.0.tgz");
    }

    [Fact]
    public async Task A_chart_of_a_registry_is_delivered_and_taken_from_the_cache_the_next_time()
    {
        registry.ServeOci("team/web", "1.4.1", ChartServer.Chart("web", "1.4.1"));
        Application("web", $"  source: {{repoURL: {registry.Host}/team, chart: web, targetRevision: 1.4.1}}");
        Assert.Equal("Synced Healthy", (await UpAsync(expectedExit: 0)).State("web"));
        int blobs = registry.Requests.Count(request => request.Path.Contains("/blobs/", StringComparison.Ordinal));
        Assert.Equal("Synced Healthy", (await UpAsync(expectedExit: 0)).State("web"));
        Assert.Equal(1, blobs);
        Assert.Equal(blobs, registry.Requests.Count(request => request.Path.Contains("/blobs/", StringComparison.Ordinal)));
    }

    [Theory]
    [InlineData("$values/env/prod.yaml", "Synced Healthy", "")]
    [InlineData("$values/env/none.yaml", "Unknown", "none.yaml")]
    [InlineData("$nobody/env/prod.yaml", "Unknown", "nobody")]
    public async Task Values_for_a_chart_come_from_another_source(string file, string state, string message)
    {
        charts.ServeRepository("web", "1.0.0");
        charts.Serve("/web-1.0.0.tgz", Required("web", "1.0.0"));
        charts.Serve("/index.yaml", "apiVersion: v1\nentries: {web: [{name: web, version: 1.0.0, urls: [web-1.0.0.tgz]}]}\n");
        scratch.Write("env/prod.yaml", "needed: here\n");
        Application("web", $"""
              sources:
              - repoURL: {charts.Address}
                chart: web
                targetRevision: 1.0.0
                helm: {"{"}valueFiles: ["{file}"]{"}"}
              - repoURL: https://example.com/repository.git
                ref: values
            """);
        UpJson report = await UpAsync(expectedExit: state == "Synced Healthy" ? 0 : 1);
        Assert.StartsWith(state, report.State("web"));
        Assert.Contains(message, report.Message("web"));
    }

    [Theory]
    [InlineData("REPOSITORY", "^1.0.0", "Synced Healthy", "")]
    [InlineData("'@team'", "^1.0.0", "Synced Healthy", "")]
    [InlineData("'@nobody'", "^1.0.0", "Unknown", "no repository definition for @nobody")]
    [InlineData("REPOSITORY", "^7.0.0", "Unknown", "dependencies of the chart umbrella: umbrella/Chart.yaml: can't get a valid version for 1 subchart(s): \"web\"")]
    [InlineData("file://../../../../../../etc", "^1.0.0", "Unknown", "etc")]
    public async Task What_a_chart_in_git_depends_on_is_fetched_when_it_does_not_bring_it(string repository, string range, string state, string message)
    {
        charts.ServeRepository("web", "1.0.0", "1.4.1", "2.0.0");
        scratch.Write("umbrella/Chart.yaml", $"apiVersion: v2\nname: umbrella\nversion: 0.1.0\ndependencies: [{{name: web, version: {range}, repository: {repository.Replace("REPOSITORY", charts.Address, StringComparison.Ordinal)}}}]\n");
        scratch.Write("secret.yaml", $"""
            apiVersion: v1
            kind: Secret
            metadata: {"{"}name: charts, namespace: argocd, labels: {"{"}argocd.argoproj.io/secret-type: repository{"}"}{"}"}
            stringData: {"{"}type: helm, name: team, url: "{charts.Address}"{"}"}
            """);
        Application("umbrella", "  source: {repoURL: https://example.com/repository.git, path: umbrella}");
        UpJson report = await UpAsync(expectedExit: state == "Synced Healthy" ? 0 : 1);
        Assert.StartsWith(state, report.State("umbrella"));
        Assert.Contains(message, report.Message("umbrella"));
        Assert.Equal(message.Length == 0, charts.Requests.Any(request => request.Path == "/web-1.4.1.tgz"));
        Assert.False(Directory.Exists(Path.Combine(scratch.Root, "umbrella", "charts")), "a delivery writes nothing into the repository");
    }

    [Theory]
    [InlineData("9.9.9", "9.9.9")]
    [InlineData("1.0.0", "digest")]
    public async Task A_chart_that_cannot_be_had_fails_its_own_application_and_no_other(string version, string message)
    {
        charts.ServeRepository("web", "1.0.0");
        charts.Serve("/web-1.0.0.tgz", ChartServer.Chart("web", "1.0.0", "forged: true"));
        Application("web", $"  source: {{repoURL: {charts.Address}, chart: web, targetRevision: {version}}}");
        scratch.WriteConfigMap("plain/cm.yaml", "fine").WriteApplication("plain", "plain");
        UpJson report = await UpAsync(expectedExit: 1);
        Assert.StartsWith("Unknown", report.State("web"));
        Assert.Contains(message, report.Message("web"));
        Assert.Equal("Synced Healthy", report.State("plain"));
    }

    [Fact]
    public async Task Credentials_of_helms_own_configuration_are_sent_to_their_repository_and_never_shown()
    {
        charts.ServeRepository("web", "1.0.0");
        charts.RequiredAuthorization = "Basic " + Convert.ToBase64String(Encoding.UTF8.GetBytes("me:hunter2"));
        Application("web", $"  source: {{repoURL: {charts.Address}, chart: web, targetRevision: 1.0.0}}");
        UpJson refused = await UpAsync(expectedExit: 1);
        Assert.Contains("401", refused.Message("web"));

        string file = Path.Combine(scratch.Root, "repositories.yaml");
        await File.WriteAllTextAsync(file, $"repositories: [{{name: mine, url: '{charts.Address}', username: me, password: hunter2}}]\n");
        (int exit, string output, string errors) = await RunAsync(("HELM_REPOSITORY_CONFIG", file));
        Assert.True(exit == 0, output + errors);
        Assert.DoesNotContain("hunter2", output + errors);
    }

    private static byte[] Required(string name, string version) => global::Bowline.Sources.Archives.TarGz.WriteChart(name,
    [
        new("Chart.yaml", Encoding.UTF8.GetBytes($"apiVersion: v2\nname: {name}\nversion: {version}\n")),
        new("templates/a.yaml", "kind: ConfigMap\napiVersion: v1\nmetadata: {name: a}\ndata: {needed: {{ required \"needed\" .Values.needed }}}\n"u8.ToArray()),
    ]);

    private static X509Certificate2 SelfSigned()
    {
        using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        CertificateRequest request = new("CN=127.0.0.1", key, HashAlgorithmName.SHA256);
        SubjectAlternativeNameBuilder names = new();
        names.AddIpAddress(IPAddress.Loopback);
        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: true, hasPathLengthConstraint: false, pathLengthConstraint: 0, critical: true));
        return request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
    }

    private void Application(string name, string sources) => scratch.Write($"apps/{name}.yaml", $"""
        apiVersion: argoproj.io/v1alpha1
        kind: Application
        metadata: {"{"}name: {name}{"}"}
        spec:
        {sources}
          destination: {"{"}server: https://kubernetes.default.svc, namespace: {name}{"}"}
          syncPolicy: {"{"}automated: {"{"}prune: true{"}"}, syncOptions: [CreateNamespace=true]{"}"}
        """);

    private async Task<UpJson> UpAsync(int expectedExit)
    {
        (int exit, string output, string errors) = await RunAsync();
        Assert.True(exit == expectedExit, output + errors);
        return new UpJson(output);
    }

    /// <summary>The program trusts the registry's certificate and, unless a test says so, knows no repositories of Helm's.</summary>
    private Task<(int Exit, string Output, string Errors)> RunAsync(params (string Name, string Value)[] environment)
    {
        string trusted = Path.Combine(scratch.Root, "trusted.pem");
        File.WriteAllText(trusted, certificate.ExportCertificatePem());
        return Bowline.RunAsync(scratch.Home, [("SSL_CERT_FILE", trusted), ("HELM_CONFIG_HOME", scratch.Root), .. environment], "up", scratch.Repository, "--once", "-o", "json", "--timeout", "60s");
    }
}
