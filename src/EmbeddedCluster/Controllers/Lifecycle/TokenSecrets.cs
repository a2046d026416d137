using System.Text;
using Bowline.Cluster.Requests;
using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.Controllers.Lifecycle;

/// <summary>Fills Secrets of type <c>kubernetes.io/service-account-token</c>, and removes those whose account is gone.</summary>
internal sealed class TokenSecrets(ControlPlane plane, string certificateAuthority) : Reconciler(plane)
{
    private const string Type = "kubernetes.io/service-account-token";
    private const string AccountName = "kubernetes.io/service-account.name";
    private const string AccountUid = "kubernetes.io/service-account.uid";
    private const int TenYears = 315_360_000;
    private readonly KindMirror secrets = plane.Mirror(string.Empty, "Secret");
    private readonly KindMirror accounts = plane.Mirror(string.Empty, "ServiceAccount");

    public override void Subscribe()
    {
        Watch(secrets, change =>
        {
            if (change.New?.Text("type") == Type)
            {
                Queue.Add(ObjectName.Of(change.New));
            }
        });
        Watch(accounts, change =>
        {
            foreach (MapNode secret in secrets.InNamespace(change.Any.Namespace()).Where(secret => secret.Text("type") == Type))
            {
                Queue.Add(ObjectName.Of(secret));
            }
        });
    }

    public override async Task<TimeSpan?> ReconcileAsync(ObjectName key, CancellationToken cancellationToken)
    {
        if (secrets.Get(key) is not { } secret || secret.IsDeleting() || secret.Annotation(AccountName) is not { } name)
        {
            return null;
        }

        MapNode? account = accounts.Get(key.Namespace, name);
        if (account is null || (secret.Annotation(AccountUid) is { } uid && uid != account.Uid()))
        {
            await Plane.Writer.DeleteAsync(secrets, secret, DeleteOptions.Background, cancellationToken).ConfigureAwait(false);
            return null;
        }

        if (secret["data"]?["token"] is not null)
        {
            return null;
        }

        MapNode request = new()
        {
            ["apiVersion"] = "authentication.k8s.io/v1",
            ["kind"] = "TokenRequest",

            // The token ends with the Secret that holds it.
            ["spec"] = new MapNode { ["expirationSeconds"] = TenYears, ["boundObjectRef"] = new MapNode { ["apiVersion"] = "v1", ["kind"] = "Secret", ["name"] = secret.Name(), ["uid"] = secret.Uid() } },
        };
        MapNode answer = await Plane.Writer.PostAsync(accounts, ObjectName.Of(account), "token", request, cancellationToken).ConfigureAwait(false);
        MapNode filled = secret.Clone();
        filled.EnsureMap("metadata").EnsureMap("annotations")[AccountUid] = account.Uid();
        MapNode data = filled.EnsureMap("data");
        data["ca.crt"] = Encode(certificateAuthority.TrimEnd() + "\n");
        data["namespace"] = Encode(key.Namespace);
        data["token"] = Encode(answer.Status().Text("token"));
        await Plane.Writer.UpdateAsync(secrets, filled, cancellationToken).ConfigureAwait(false);
        return null;
    }

    private static string Encode(string text) => Convert.ToBase64String(Encoding.UTF8.GetBytes(text));
}
