using Bowline.Applications.ArgoCd;
using Bowline.Applications.Model;
using Bowline.Resources.Model;

namespace Bowline.Applications.Projects;

/// <summary>Whether syncs are done in the name of service accounts (argocd-cm's <c>application.sync.impersonation.enabled</c> and <c>.enforced</c>).</summary>
public enum ImpersonationMode
{
    Off,

    /// <summary>Where the project names no account, syncs are Bowline's own.</summary>
    Preferred,

    /// <summary>Where the project names no account, nothing is synced.</summary>
    Required,
}

/// <summary>In whose name an application is synced.</summary>
/// <param name="User">As <c>system:serviceaccount:namespace:name</c>; empty for Bowline's own.</param>
/// <param name="Problem">Why there is nobody to sync it; empty when there is.</param>
public readonly record struct ActingUser(string User, string Problem)
{
    private const string ServiceAccounts = "system:serviceaccount:";
    private const string Disallowed = "!*[]{}\\/";

    public static ImpersonationMode ModeOf(MapNode? config) => config?.At("data", "application.sync.impersonation.enabled")?.AsString() != "true" ? ImpersonationMode.Off
        : config.At("data", "application.sync.impersonation.enforced")?.AsString() == "false" ? ImpersonationMode.Preferred : ImpersonationMode.Required;

    /// <summary>The account of the first of a project's <c>destinationServiceAccounts</c> that is for the application's destination.</summary>
    /// <param name="server">The address of the destination's cluster.</param>
    public static ActingUser Of(Node? accounts, ApplicationSpec application, string server, ImpersonationMode mode)
    {
        string @namespace = application.Destination.Namespace;
        string home = @namespace.Length > 0 ? @namespace : application.Namespace;
        foreach (Node account in mode == ImpersonationMode.Off ? [] : accounts as ListNode ?? [])
        {
            if (Pattern.Matches(ArgoCdDialect.Text(account["server"]), server) && Pattern.Matches(ArgoCdDialect.Text(account["namespace"]), @namespace))
            {
                string name = ArgoCdDialect.Text(account["defaultServiceAccount"]);
                return name.Trim().Length == 0 || name.AsSpan().IndexOfAny(Disallowed) >= 0 ? new ActingUser(string.Empty, $"default service account '{name}' of destination server {server} is not the name of one")
                    : new ActingUser(ServiceAccounts + (name.Contains(':', StringComparison.Ordinal) ? name : $"{home}:{name}"), string.Empty);
            }
        }

        return new ActingUser(string.Empty, mode != ImpersonationMode.Required ? string.Empty
            : $"no matching service account found for destination server {server} and namespace {home}: name one in the project's destinationServiceAccounts (application.sync.impersonation.enabled)");
    }
}
