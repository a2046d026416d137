using System.Text.Json;
using Bowline.Notifications.Model;
using Bowline.Notifications.Triggers;
using Bowline.Resources.Json;
using Bowline.Resources.Model;

namespace Bowline.Notifications.Notifying;

/// <summary>
/// What was told already, as Argo CD writes it into <c>notified.notifications.argoproj.io</c>: keys
/// <c>[oncePer:][namespace:]trigger:[index].hash:service:recipient</c> with the time in seconds of Unix, at most 100, the oldest dropped first. Whoever
/// moves from Argo CD to Bowline, or back, is told nothing twice.
/// </summary>
internal sealed class NotifiedState
{
    public const string Annotation = "notified.notifications.argoproj.io";
    private const int Most = 100;

    private readonly Dictionary<string, long> items = new(StringComparer.Ordinal);

    /// <summary>The state that an application carries; empty when it carries none that can be read.</summary>
    public static NotifiedState Of(MapNode application)
    {
        NotifiedState state = new();
        if (application.At("metadata", "annotations", Annotation)?.AsString() is not { Length: > 0 } text)
        {
            return state;
        }

        try
        {
            foreach ((string key, Node value) in JsonReader.Read(text) as MapNode ?? [])
            {
                state.items[key] = value.AsInteger() ?? throw new JsonException("not a time");
            }
        }
        catch (JsonException)
        {
            // As with Argo CD, what cannot be read counts as nothing.
            state.items.Clear();
        }

        return state;
    }

    /// <param name="namespace">Whose own configuration has the trigger; empty for Argo CD's.</param>
    public static string KeyOf(string @namespace, string trigger, ConditionResult result, Destination destination)
    {
        string key = $"{(@namespace.Length > 0 ? $"{@namespace}:" : string.Empty)}{trigger}:{result.Key}:{destination.Service}:{destination.Recipient}";
        return result.OncePer.Length > 0 ? $"{result.OncePer}:{key}" : key;
    }

    public bool Contains(string key) => items.ContainsKey(key);

    public void Add(string key, long seconds) => items[key] = seconds;

    public void Remove(string key) => items.Remove(key);

    /// <summary>The annotation's text; null when there is nothing to remember.</summary>
    public string? ToText()
    {
        MapNode map = new();
        foreach ((string key, long seconds) in items.OrderByDescending(item => item.Value).ThenBy(item => item.Key, StringComparer.Ordinal).Take(Most))
        {
            map[key] = seconds;
        }

        return map.Count == 0 ? null : JsonWriter.ToText(map, new JsonWriteOptions { SortKeys = true, EscapeHtml = true });
    }
}
