using Bowline.Cluster.Controllers;
using Bowline.Notifications.Configuration;
using Bowline.Notifications.Model;
using Bowline.Notifications.Variables;
using Bowline.Resources.Model;

namespace Bowline.Notifications.Notifying;

/// <summary>One notification on its way. Rendered only when its turn comes, over the application as it was when the trigger fired.</summary>
/// <param name="StateKey">By which it is remembered once it is delivered.</param>
/// <param name="Settings">The configuration at that time.</param>
internal sealed record Delivery(ReconcileKey Key, MapNode Application, string Trigger, string StateKey, IReadOnlyList<string> Templates, Destination Destination, CommitNotes Commits, NotificationSettings Settings);
