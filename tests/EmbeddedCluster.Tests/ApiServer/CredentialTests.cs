using System.Formats.Asn1;
using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Bowline.EmbeddedCluster.Admission;
using Bowline.EmbeddedCluster.Hosting;
using Bowline.Resources.Json;
using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.Tests.ApiServer;

/// <summary>Who is let in: tokens of service accounts, fixed tokens, certificates.</summary>
public sealed class CredentialTests : IAsyncLifetime
{
    private const string Who = "/apis/authentication.k8s.io/v1/selfsubjectreviews";
    private const string Accounts = "/api/v1/namespaces/default/serviceaccounts";
    private readonly SteppedTime time = new();
    private EmbeddedClusterHost host = null!;
    private Rest admin = null!;

    public async Task InitializeAsync()
    {
        host = await EmbeddedClusterHost.StartAsync(new EmbeddedClusterOptions { Time = time, Tokens = StaticToken.Parse("s3cret,ci,7,\"builders,system:masters\"\n# note\nplain,reader,8\n") }, default);
        admin = Rest.Admin(host);
        await admin.MadeAsync(Accounts, "{metadata: {name: robot}}");
    }

    public async Task DisposeAsync()
    {
        admin.Dispose();
        await host.DisposeAsync();
    }

    [Fact]
    public async Task A_token_stands_for_its_account_until_it_expires()
    {
        string token = await TokenAsync("{}");
        Assert.Equal("system:serviceaccount:default:robot", await UserAsync(token));
        time.Step(TimeSpan.FromMinutes(61));
        Assert.Null(await UserAsync(token));
    }

    [Fact]
    public async Task The_administrator_stays_known_however_far_a_fast_clock_runs()
    {
        time.Step(TimeSpan.FromDays(365 * 200));
        using Rest later = Rest.Admin(host);
        Assert.Equal(200, (await later.SendAsync(HttpMethod.Get, Accounts, null)).Code);
    }

    [Fact]
    public async Task A_token_for_another_audience_opens_nothing_here_and_a_review_says_so()
    {
        string token = await TokenAsync("{\"audiences\":[\"vault\",\"ci\"]}");
        Assert.Null(await UserAsync(token));
        MapNode here = await ReviewAsync(token, string.Empty);
        Assert.Null(here["authenticated"]);
        Assert.Contains("token audiences [\"vault\" \"ci\"] is invalid for the target audiences [\"https://kubernetes.default.svc\"]", here["error"]!.AsString(), StringComparison.Ordinal);
        MapNode there = await ReviewAsync(token, ",\"audiences\":[\"db\",\"vault\"]");
        Assert.True(there["authenticated"]!.AsBool());
        Assert.Equal("[\"vault\"]", JsonWriter.ToText(there["audiences"]!));
    }

    [Fact]
    public async Task A_token_ends_with_its_account_and_with_what_it_is_bound_to()
    {
        string plain = await TokenAsync("{}");
        MapNode pod = await admin.MadeAsync("/api/v1/namespaces/default/pods", "{metadata: {name: p}, spec: {serviceAccountName: robot, containers: [{name: c, image: i}]}}");
        string bound = await TokenAsync("{\"boundObjectRef\":{\"kind\":\"Pod\",\"apiVersion\":\"v1\",\"name\":\"p\"}}");
        MapNode extra = (MapNode)(await ReviewAsync(bound, string.Empty)).At("user", "extra")!;
        Assert.Equal(pod.At("metadata", "uid")!.AsString(), extra["authentication.kubernetes.io/pod-uid"]!.AsList()![0].AsString());
        await admin.DeleteAsync("/api/v1/namespaces/default/pods/p?gracePeriodSeconds=0");
        await admin.MadeAsync("/api/v1/namespaces/default/pods", "{metadata: {name: p}, spec: {serviceAccountName: robot, containers: [{name: c, image: i}]}}");
        Assert.Null(await UserAsync(bound));
        Assert.NotNull(await UserAsync(plain));
        await admin.DeleteAsync(Accounts + "/robot");
        await admin.MadeAsync(Accounts, "{metadata: {name: robot}}");
        Assert.Null(await UserAsync(plain));
    }

    [Theory]
    [InlineData("{\"kind\":\"Pod\",\"apiVersion\":\"v1\",\"name\":\"none\"}", 404, "pods \"none\" not found")]
    [InlineData("{\"kind\":\"ConfigMap\",\"apiVersion\":\"v1\",\"name\":\"x\"}", 400, "cannot bind token for serviceaccount \"robot\" to object type /v1, Kind=ConfigMap")]
    [InlineData("{\"kind\":\"Secret\",\"apiVersion\":\"v1\",\"name\":\"s\",\"uid\":\"no\"}", 409, "does not match the UID in record")]
    public async Task A_token_can_be_bound_only_to_what_exists(string reference, int code, string message)
    {
        await admin.MadeAsync("/api/v1/namespaces/default/secrets", "{metadata: {name: s}}");
        RestAnswer answer = await admin.PostAsync(Accounts + "/robot/token", $"{{\"spec\":{{\"boundObjectRef\":{reference}}}}}");
        Assert.Equal(code, answer.Code);
        Assert.Contains(message, answer.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Tokens_that_this_cluster_did_not_sign_are_refused_whatever_their_header_says()
    {
        string[] parts = (await TokenAsync("{}")).Split('.');
        using ECDsa other = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        string none = Encode("{\"alg\":\"none\"}");
        string hmac = Encode("{\"alg\":\"HS256\"}");
        string claims = Encode("{\"iss\":\"https://kubernetes.default.svc\",\"aud\":[\"https://kubernetes.default.svc\"],\"exp\":9999999999,\"nbf\":0,\"kubernetes.io\":{\"namespace\":\"default\",\"serviceaccount\":{\"name\":\"robot\",\"uid\":\"x\"}}}");
        string foreign = Convert.ToBase64String(other.SignData(Encoding.ASCII.GetBytes(parts[0] + "." + claims), HashAlgorithmName.SHA256)).TrimEnd('=').Replace('+', '-').Replace('/', '_');
        foreach (string token in (string[])
        [
            "x", "..", "a.b.c", $"{none}.{parts[1]}.", $"{hmac}.{parts[1]}.{parts[2]}", $"{parts[0]}.{claims}.{parts[2]}", $"{parts[0]}.{claims}.{foreign}",
            $"{parts[0]}.{parts[1]}.", $"{parts[0]}.{parts[1]}.{parts[2][..^4]}AAAA", new string('a', 100_000), "s3cre", "s3cretx",
        ])
        {
            Assert.Null(await UserAsync(token));
        }
    }

    [Fact]
    public async Task A_fixed_token_is_its_user_with_its_groups()
    {
        using Rest ci = Rest.Bearer(host, "s3cret");
        MapNode info = (MapNode)(await ci.PostAsync(Who, "{}")).Body.At("status", "userInfo")!;
        Assert.Equal("{\"username\":\"ci\",\"uid\":\"7\",\"groups\":[\"builders\",\"system:masters\",\"system:authenticated\"]}", JsonWriter.ToText(info));
        using Rest reader = Rest.Bearer(host, "plain");
        Assert.Equal(403, (await reader.GetAsync("/api/v1/namespaces")).Code);
        Assert.DoesNotContain("s3cret", host.Options.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_certificate_of_another_authority_is_unauthorized_rather_than_anonymous_or_a_cut_connection()
    {
        await using EmbeddedClusterHost other = await EmbeddedClusterHost.StartAsync(new EmbeddedClusterOptions { Name = "other" }, default);
        using X509Certificate2 foreign = X509Certificate2.CreateFromPem(other.ClientCertificate, other.ClientKey);
        using SocketsHttpHandler handler = new();
        handler.SslOptions = new SslClientAuthenticationOptions { RemoteCertificateValidationCallback = (_, _, _, _) => true, ClientCertificates = [foreign], LocalCertificateSelectionCallback = (_, _, _, _, _) => foreign };
        using HttpClient client = new(handler) { BaseAddress = host.Server };
        using HttpResponseMessage refused = await client.GetAsync("/version");
        Assert.Equal(401, (int)refused.StatusCode);
        Assert.Contains("\"reason\":\"Unauthorized\"", await refused.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public void Every_organization_of_a_certificate_is_a_group_also_where_one_element_of_the_subject_has_several_attributes()
    {
        AsnWriter name = new(AsnEncodingRules.DER);
        using (name.PushSequence())
        {
            foreach ((string Id, string Value)[] element in (ReadOnlySpan<(string, string)[]>)[[("2.5.4.10", "ops"), ("2.5.4.10", "dev")], [("2.5.4.10", "qa")], [("2.5.4.3", "ann"), ("1.3.6.1.4.1.57683.2", "u-7")]])
            {
                using (name.PushSetOf())
                {
                    foreach ((string id, string value) in element)
                    {
                        using (name.PushSequence())
                        {
                            name.WriteObjectIdentifier(id);
                            name.WriteCharacterString(UniversalTagNumber.UTF8String, value);
                        }
                    }
                }
            }
        }

        using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        CertificateRequest request = new(new X500DistinguishedName(name.Encode()), key, HashAlgorithmName.SHA256);
        using X509Certificate2 certificate = request.CreateSelfSigned(DateTimeOffset.UnixEpoch, DateTimeOffset.UnixEpoch.AddYears(1));
        UserInfo user = CertificateUser.Of(certificate);
        Assert.Equal(("ann", "u-7"), (user.Name, user.Uid));
        Assert.Equal(["dev", "ops", "qa", "system:authenticated"], user.Groups.Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task The_key_set_and_the_openid_document_let_others_check_tokens()
    {
        string[] parts = (await TokenAsync("{}")).Split('.');
        Node header = JsonReader.Read(Convert.FromBase64String(Padded(parts[0])));
        RestAnswer keys = await admin.SendAsync(HttpMethod.Get, "/openid/v1/jwks", null, null, ("Accept", "*/*"));
        Node key = JsonReader.Read(keys.Body["message"] is StringNode text ? Encoding.UTF8.GetBytes(text.Value) : JsonWriter.ToBytes(keys.Body))["keys"]!.AsList()![0];
        Assert.Equal(header["kid"]!.AsString(), key["kid"]!.AsString());
        ECParameters parameters = new() { Curve = ECCurve.NamedCurves.nistP256, Q = new ECPoint { X = Convert.FromBase64String(Padded(key["x"]!.AsString()!)), Y = Convert.FromBase64String(Padded(key["y"]!.AsString()!)) } };
        using ECDsa check = ECDsa.Create(parameters);
        Assert.True(check.VerifyData(Encoding.ASCII.GetBytes(parts[0] + "." + parts[1]), Convert.FromBase64String(Padded(parts[2])), HashAlgorithmName.SHA256));
    }

    private static string Encode(string text) => Convert.ToBase64String(Encoding.UTF8.GetBytes(text)).TrimEnd('=').Replace('+', '-').Replace('/', '_');

    private static string Padded(string text) => text.Replace('-', '+').Replace('_', '/').PadRight((text.Length + 3) & ~3, '=');

    private async Task<string> TokenAsync(string spec)
    {
        RestAnswer answer = await admin.PostAsync(Accounts + "/robot/token", $"{{\"spec\":{spec}}}");
        Assert.True(answer.Code == 201, answer.Message);
        return answer.Body.At("status", "token")!.AsString()!;
    }

    /// <summary>Whom the server takes the bearer for; null when it is refused.</summary>
    private async Task<string?> UserAsync(string token)
    {
        using Rest rest = Rest.Bearer(host, token);
        RestAnswer answer = await rest.PostAsync(Who, "{}");
        Assert.True(answer.Code is 201 or 401 or 431, answer.Code.ToString());
        return answer.Code == 201 ? answer.Body.At("status", "userInfo", "username")!.AsString() : null;
    }

    private async Task<MapNode> ReviewAsync(string token, string more) =>
        (MapNode)(await admin.PostAsync("/apis/authentication.k8s.io/v1/tokenreviews", $"{{\"spec\":{{\"token\":\"{token}\"{more}}}}}")).Body["status"]!;
}

/// <summary>The system's clock, moved by hand; timers run as ever.</summary>
internal sealed class SteppedTime : TimeProvider
{
    private long offset;

    public void Step(TimeSpan by) => Interlocked.Add(ref offset, by.Ticks);

    public override DateTimeOffset GetUtcNow() => base.GetUtcNow().AddTicks(Interlocked.Read(ref offset));
}
