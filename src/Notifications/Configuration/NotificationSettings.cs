using System.Collections.Frozen;
using Bowline.Notifications.Model;
using Bowline.Notifications.Services;
using Bowline.Notifications.Templates;
using Bowline.Notifications.Triggers;
using Bowline.Resources.Model;

namespace Bowline.Notifications.Configuration;

/// <summary>A key of the configuration that is of no use as it stands, and why; what does not concern it works.</summary>
public sealed record SettingProblem(string Key, string Reason)
{
    public override string ToString() => $"argocd-notifications-cm: {Key}: {Reason}";
}

/// <summary>
/// What <c>argocd-notifications-cm</c> and <c>argocd-notifications-secret</c> say, compiled. Argo CD sends nothing at all when one key
/// is broken; here each key stands for itself.
/// </summary>
public sealed class NotificationSettings : IDisposable
{
    public const string ConfigMapName = "argocd-notifications-cm";
    public const string SecretName = "argocd-notifications-secret";

    internal NotificationSettings()
    {
    }

    public IReadOnlyDictionary<string, IReadOnlyList<Condition>> Triggers { get; internal init; } = FrozenDictionary<string, IReadOnlyList<Condition>>.Empty;

    public IReadOnlyDictionary<string, NotificationTemplate> Templates { get; internal init; } = FrozenDictionary<string, NotificationTemplate>.Empty;

    public IReadOnlyList<SettingProblem> Problems { get; internal init; } = [];

    /// <summary>Takes the secrets out of a text.</summary>
    public Redactor Redactor { get; internal init; } = new([]);

    internal FrozenDictionary<string, INotificationService> Services { get; init; } = FrozenDictionary<string, INotificationService>.Empty;

    internal FrozenDictionary<string, string> Context { get; init; } = FrozenDictionary<string, string>.Empty;

    internal FrozenDictionary<string, string> Secrets { get; init; } = FrozenDictionary<string, string>.Empty;

    internal IReadOnlyList<DefaultSubscription> Subscriptions { get; init; } = [];

    internal IReadOnlyList<string> DefaultTriggers { get; init; } = [];

    internal FrozenDictionary<string, IReadOnlyList<string>> ServiceDefaultTriggers { get; init; } = FrozenDictionary<string, IReadOnlyList<string>>.Empty;

    /// <summary>Whom to tell of an application: the subscriptions of the configuration, its own and its project's.</summary>
    /// <param name="project">Its AppProject; null when there is none.</param>
    /// <param name="problem">What is wrong with an annotation; empty when nothing is.</param>
    public Destinations DestinationsOf(MapNode application, MapNode? project, out string problem)
    {
        Destinations destinations = new();
        foreach (DefaultSubscription subscription in Subscriptions.Where(subscription => subscription.Selector.Matches(application.At("metadata", "labels"))))
        {
            foreach (string trigger in subscription.Triggers.Count > 0 ? subscription.Triggers : DefaultTriggers)
            {
                foreach (Destination recipient in subscription.Recipients)
                {
                    destinations.Add(trigger, recipient);
                }
            }
        }

        problem = string.Empty;
        foreach (MapNode? item in (MapNode?[])[application, project])
        {
            try
            {
                Configuration.Subscriptions.Read(item?.At("metadata", "annotations"), service => ServiceDefaultTriggers.GetValueOrDefault(service) ?? DefaultTriggers, destinations);
            }
            catch (NotificationException broken)
            {
                problem = broken.Message;
            }
        }

        return destinations;
    }

    public void Dispose()
    {
        foreach (IDisposable service in Services.Values.OfType<IDisposable>())
        {
            service.Dispose();
        }
    }
}
