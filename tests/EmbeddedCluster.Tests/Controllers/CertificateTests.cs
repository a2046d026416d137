using System.Formats.Asn1;
using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Bowline.EmbeddedCluster.Controllers.Certificates;
using Bowline.EmbeddedCluster.Hosting;
using Bowline.Resources.Model;

namespace Bowline.Tests.Controllers;

/// <summary>Certificates that are asked for, approved and signed.</summary>
public sealed class CertificateTests : IDisposable
{
    private readonly RSA key = RSA.Create(2048);

    public void Dispose() => key.Dispose();

    // Words of pkg/apis/certificates/helpers.go and pkg/controller/certificates/signer/signer.go.
    [Theory]
    [InlineData("kube-apiserver-client", "CN=x", "", "client auth", null)]
    [InlineData("kube-apiserver-client", "CN=x", "", "client auth,digital signature,key encipherment", null)]
    [InlineData("kube-apiserver-client", "CN=x", "", "digital signature", "missing required usage for client certificate: client auth")]
    [InlineData("kube-apiserver-client", "CN=x", "", "client auth,server auth", "invalid usage for client certificate: server auth")]
    [InlineData("kube-apiserver-client-kubelet", "CN=system:node:a,O=system:nodes", "", "client auth,digital signature", null)]
    [InlineData("kube-apiserver-client-kubelet", "CN=system:node:a", "", "client auth,digital signature", "subject organization is not system:nodes")]
    [InlineData("kube-apiserver-client-kubelet", "CN=system:node:a,O=system:nodes,O=b", "", "client auth,digital signature", "subject organization is not system:nodes")]
    [InlineData("kube-apiserver-client-kubelet", "CN=a,O=system:nodes", "", "client auth,digital signature", "subject common name does not begin with system:node:")]
    [InlineData("kube-apiserver-client-kubelet", "CN=system:node:a,O=system:nodes", "dns", "client auth,digital signature", "DNS subjectAltNames are not allowed")]
    [InlineData("kube-apiserver-client-kubelet", "CN=system:node:a,O=system:nodes", "ip", "client auth,digital signature", "IP subjectAltNames are not allowed")]
    [InlineData("kube-apiserver-client-kubelet", "CN=system:node:a,O=system:nodes", "email", "client auth,digital signature", "Email subjectAltNames are not allowed")]
    [InlineData("kube-apiserver-client-kubelet", "CN=system:node:a,O=system:nodes", "uri", "client auth,digital signature", "URI subjectAltNames are not allowed")]
    [InlineData("kube-apiserver-client-kubelet", "CN=system:node:a,O=system:nodes", "", "client auth", "usages did not match [client auth digital signature key encipherment]")]
    [InlineData("kubelet-serving", "CN=system:node:a,O=system:nodes", "ip", "server auth,digital signature,key encipherment", null)]
    [InlineData("kubelet-serving", "CN=system:node:a,O=system:nodes", "", "server auth,digital signature", "DNS or IP subjectAltName is required")]
    [InlineData("kubelet-serving", "CN=system:node:a,O=system:nodes", "dns,uri", "server auth,digital signature", "URI subjectAltNames are not allowed")]
    [InlineData("kubelet-serving", "CN=system:node:a,O=system:nodes", "dns", "client auth", "usages did not match [digital signature key encipherment server auth]")]
    public void A_signer_says_what_it_does_not_sign(string signer, string subject, string names, string usages, string? refusal) =>
        Assert.Equal(refusal, SignerRules.Refusal("kubernetes.io/" + signer, AskedCertificate.Of(Request("r", signer, subject, names, usages))));

    [Fact]
    public void A_name_of_several_parts_is_read_as_a_whole()
    {
        // CN and O in one relative name, as nobody writes it who has nothing to hide.
        AsnWriter name = new(AsnEncodingRules.DER);
        using (name.PushSequence())
        using (name.PushSetOf())
        {
            foreach ((string id, string value) in ((string, string)[])[("2.5.4.3", "system:node:a"), ("2.5.4.10", "system:nodes")])
            {
                using (name.PushSequence())
                {
                    name.WriteObjectIdentifier(id);
                    name.WriteCharacterString(UniversalTagNumber.UTF8String, value);
                }
            }
        }

        CertificateRequest asked = new(new X500DistinguishedName(name.Encode()), key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        AskedCertificate read = AskedCertificate.Of(Body("r", "kube-apiserver-client", asked, "client auth"));
        Assert.Equal(("system:node:a", "system:nodes"), (read.CommonName, read.Organizations.Single()));
    }

    [Fact]
    public async Task An_approved_request_is_signed_and_its_certificate_opens_the_api()
    {
        await using RunningCluster cluster = await RunningCluster.StartAsync();
        await CreateAsync(cluster, Request("jane", "kube-apiserver-client", "CN=jane,O=dev", string.Empty, "client auth", 3600));
        await ApproveAsync(cluster, "jane", "Approved");
        MapNode signed = await cluster.WaitAsync("certificates.k8s.io/v1", "CertificateSigningRequest", "jane", request => request.At("status", "certificate") is not null, string.Empty);
        string pem = Encoding.UTF8.GetString(Convert.FromBase64String(signed.At("status", "certificate")!.AsString()!));
        Assert.EndsWith("-----END CERTIFICATE-----\n", pem, StringComparison.Ordinal);
        using X509Certificate2 certificate = X509Certificate2.CreateFromPem(pem, key.ExportPkcs8PrivateKeyPem());
        Assert.InRange((certificate.NotAfter - certificate.NotBefore).TotalMinutes, 64.9, 65.1);
        using HttpClientHandler handler = new() { ServerCertificateCustomValidationCallback = static (_, _, _, _) => true };
        using X509Certificate2 usable = X509CertificateLoader.LoadPkcs12(certificate.Export(X509ContentType.Pkcs12), null);
        handler.ClientCertificates.Add(usable);
        using HttpClient client = new(handler);
        HttpResponseMessage refused = await client.GetAsync(new Uri(cluster.Host.Server, "/api/v1/nodes"));
        Assert.Equal(HttpStatusCode.Forbidden, refused.StatusCode);
        Assert.Contains("User \\\"jane\\\" cannot list resource", await refused.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_is_denied_failed_or_asked_of_another_signer_stays_unsigned()
    {
        await using RunningCluster cluster = await RunningCluster.StartAsync();
        await CreateAsync(cluster, Request("denied", "kube-apiserver-client", "CN=x", string.Empty, "client auth"));
        await CreateAsync(cluster, Request("wrong", "kube-apiserver-client", "CN=x", string.Empty, "server auth"));
        MapNode other = Request("other", "kube-apiserver-client", "CN=x", string.Empty, "client auth");
        other.EnsureMap("spec")["signerName"] = "example.com/other";
        await CreateAsync(cluster, other);
        await ApproveAsync(cluster, "denied", "Denied");
        await ApproveAsync(cluster, "wrong", "Approved");
        await ApproveAsync(cluster, "other", "Approved");
        MapNode failed = await cluster.WaitAsync("certificates.k8s.io/v1", "CertificateSigningRequest", "wrong", request => Condition(request, "Failed") is not null, string.Empty);
        Assert.Equal(("SignerValidationFailure", "invalid usage for client certificate: server auth"), (Condition(failed, "Failed")!["reason"]!.AsString(), Condition(failed, "Failed")!["message"]!.AsString()));
        await CreateAsync(cluster, Request("last", "kube-apiserver-client", "CN=x", string.Empty, "client auth"));
        await ApproveAsync(cluster, "last", "Approved");
        await cluster.WaitAsync("certificates.k8s.io/v1", "CertificateSigningRequest", "last", request => request.At("status", "certificate") is not null, string.Empty);
        foreach (string name in (string[])["denied", "wrong", "other"])
        {
            Assert.Null((await cluster.GetAsync("certificates.k8s.io/v1", "CertificateSigningRequest", name, string.Empty))!.At("status", "certificate"));
        }
    }

    [Fact]
    public async Task A_node_is_approved_by_itself_and_requests_go_when_they_are_done_with()
    {
        StoppedTime time = new(new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero));
        await using RunningCluster cluster = await RunningCluster.StartAsync(host: new EmbeddedClusterOptions { Time = time });
        await CreateAsync(cluster, Request("node", "kube-apiserver-client-kubelet", "CN=system:node:a,O=system:nodes", string.Empty, "client auth,digital signature"));
        await CreateAsync(cluster, Request("pending", "kube-apiserver-client", "CN=x", string.Empty, "client auth"));
        MapNode node = await cluster.WaitAsync("certificates.k8s.io/v1", "CertificateSigningRequest", "node", request => request.At("status", "certificate") is not null, string.Empty);
        Assert.Equal("AutoApproved", Condition(node, "Approved")!["reason"]!.AsString());
        Assert.Equal("Auto approving kubelet client certificate after SubjectAccessReview.", Condition(node, "Approved")!["message"]!.AsString());
        await time.PassAsync(TimeSpan.FromMinutes(61), () => Task.Delay(20, CancellationToken.None));
        await cluster.WaitGoneAsync("certificates.k8s.io/v1", "CertificateSigningRequest", "node", string.Empty);
        Assert.NotNull(await cluster.GetAsync("certificates.k8s.io/v1", "CertificateSigningRequest", "pending", string.Empty));
        await time.PassAsync(TimeSpan.FromHours(24), () => Task.Delay(20, CancellationToken.None));
        await cluster.WaitGoneAsync("certificates.k8s.io/v1", "CertificateSigningRequest", "pending", string.Empty);
    }

    private static async Task CreateAsync(RunningCluster cluster, MapNode request) =>
        await cluster.Cluster.CreateAsync(await cluster.KindAsync("certificates.k8s.io/v1", "CertificateSigningRequest"), string.Empty, request, new(), CancellationToken.None);

    private static async Task ApproveAsync(RunningCluster cluster, string name, string type)
    {
        MapNode live = (MapNode)(await cluster.GetAsync("certificates.k8s.io/v1", "CertificateSigningRequest", name, string.Empty))!.DeepClone();
        live["status"] = new MapNode { ["conditions"] = new ListNode(new MapNode { ["type"] = type, ["status"] = "True", ["reason"] = "Test", ["message"] = "by hand" }) };
        await cluster.Cluster.UpdateAsync(new(await cluster.KindAsync("certificates.k8s.io/v1", "CertificateSigningRequest"), string.Empty, name) { Subresource = "approval" }, live, new(), CancellationToken.None);
    }

    private static Node? Condition(MapNode request, string type) => request.At("status", "conditions")?.AsList()?.FirstOrDefault(condition => condition["type"]?.AsString() == type);

    private MapNode Request(string name, string signer, string subject, string names, string usages, int? seconds = null)
    {
        CertificateRequest asked = new(new X500DistinguishedName(subject, X500DistinguishedNameFlags.UseCommas), key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        SubjectAlternativeNameBuilder builder = new();
        foreach (string kind in names.Split(',', StringSplitOptions.RemoveEmptyEntries))
        {
            switch (kind)
            {
                case "dns":
                    builder.AddDnsName("a.example.com");
                    break;
                case "ip":
                    builder.AddIpAddress(IPAddress.Loopback);
                    break;
                case "email":
                    builder.AddEmailAddress("a@example.com");
                    break;
                default:
                    builder.AddUri(new Uri("spiffe://a"));
                    break;
            }
        }

        if (names.Length > 0)
        {
            asked.CertificateExtensions.Add(builder.Build());
        }

        MapNode body = Body(name, signer, asked, usages);
        if (seconds is { } life)
        {
            body.EnsureMap("spec")["expirationSeconds"] = life;
        }

        return body;
    }

    private static MapNode Body(string name, string signer, CertificateRequest asked, string usages) => new()
    {
        ["apiVersion"] = "certificates.k8s.io/v1",
        ["kind"] = "CertificateSigningRequest",
        ["metadata"] = new MapNode { ["name"] = name },
        ["spec"] = new MapNode
        {
            ["request"] = Convert.ToBase64String(Encoding.UTF8.GetBytes(asked.CreateSigningRequestPem())),
            ["signerName"] = "kubernetes.io/" + signer,
            ["usages"] = new ListNode(usages.Split(',').Select(usage => (Node)StringNode.Of(usage))),
        },
    };
}
