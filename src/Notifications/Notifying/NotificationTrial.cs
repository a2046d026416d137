using Bowline.Notifications.Configuration;
using Bowline.Notifications.Model;
using Bowline.Notifications.Services;
using Bowline.Notifications.Templates;
using Bowline.Notifications.Triggers;
using Bowline.Notifications.Variables;
using Bowline.Resources.Model;

namespace Bowline.Notifications.Notifying;

/// <summary>Tries a configuration on one application: nothing is remembered, and nothing sent unless asked.</summary>
/// <param name="commits">Finds a commit; fails with a <see cref="NotificationException"/>.</param>
public sealed class NotificationTrial(NotificationSettings settings, MapNode application, Func<CommitQuery, CancellationToken, Task<CommitMetadata>> commits, TimeProvider time)
{
    private readonly CommitNotes notes = new(commits);

    /// <summary>What each condition of a trigger says, in order, with the condition itself.</summary>
    /// <exception cref="NotificationException">There is no such trigger.</exception>
    public async Task<IReadOnlyList<(string When, ConditionResult Result)>> RunAsync(string trigger, CancellationToken cancellationToken)
    {
        if (!settings.Triggers.TryGetValue(trigger, out IReadOnlyList<Condition>? conditions))
        {
            throw new NotificationException($"trigger '{trigger}' is not configured{Reason("trigger." + trigger)} (there are {string.Join(", ", settings.Triggers.Keys.Order(StringComparer.Ordinal))})");
        }

        MapNode variables = ApplicationVariables.Of(application, settings.Context, settings.Secrets, notes, string.Empty);
        List<(string, ConditionResult)> results = [];
        foreach (Condition condition in conditions)
        {
            ConditionResult result = await notes.WithAsync(() => condition.Evaluate(variables, time, cancellationToken), cancellationToken).ConfigureAwait(false);
            results.Add((condition.When, result with { Problem = settings.Redactor.Clean(result.Problem) }));
        }

        return results;
    }

    /// <exception cref="NotificationException">There is no such template, or it fails.</exception>
    public async Task<Notification> RenderAsync(string template, Destination destination, CancellationToken cancellationToken)
    {
        NotificationTemplate compiled = settings.Templates.GetValueOrDefault(template)
            ?? throw new NotificationException($"template '{template}' is not supported{Reason("template." + template)} (there are {string.Join(", ", settings.Templates.Keys.Order(StringComparer.Ordinal))})");
        MapNode variables = ApplicationVariables.ForDelivery(application, settings.Context, settings.Secrets, notes, destination);
        try
        {
            return await notes.WithAsync(() => NotificationTemplate.Render([compiled], variables, time, cancellationToken), cancellationToken).ConfigureAwait(false);
        }
        catch (NotificationException failed)
        {
            throw new NotificationException(settings.Redactor.Clean(failed.Message));
        }
    }

    /// <exception cref="NotificationException">There is no such service, or it refuses.</exception>
    public async Task SendAsync(Notification notification, Destination destination, CancellationToken cancellationToken)
    {
        INotificationService service = settings.Services.GetValueOrDefault(destination.Service) ?? throw new NotificationException($"notification service '{destination.Service}' is not supported");
        try
        {
            await service.SendAsync(notification, destination, cancellationToken).ConfigureAwait(false);
        }
        catch (NotificationException failed)
        {
            throw new NotificationException(settings.Redactor.Clean(failed.Message));
        }
    }

    private string Reason(string key) => settings.Problems.FirstOrDefault(problem => problem.Key == key) is { } problem ? $": {problem.Reason}" : string.Empty;
}
