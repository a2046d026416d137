using Bowline.Resources.Model;

namespace Bowline.Notifications.Model;

/// <summary>What is to be said: the message, and under a service's name what that service wants beside it, all texts rendered.</summary>
public sealed class Notification(MapNode content)
{
    public MapNode Content => content;

    public string Message => Text("message");

    /// <summary>The text at a path; empty when there is none.</summary>
    public string Text(params ReadOnlySpan<string> path) => content.At(path)?.AsString() ?? string.Empty;

    public bool Flag(params ReadOnlySpan<string> path) => content.At(path)?.AsBool() ?? false;
}
