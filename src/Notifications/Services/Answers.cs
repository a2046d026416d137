using System.Text.Json;
using Bowline.Notifications.Model;
using Bowline.Resources.Json;
using Bowline.Resources.Model;

namespace Bowline.Notifications.Services;

/// <summary>What servers answer, and what of it may be repeated.</summary>
internal static class Answers
{
    private const int Longest = 300;

    /// <summary>The beginning, on one line.</summary>
    public static string Shortened(string text)
    {
        string line = new([.. text.Select(c => char.IsControl(c) ? ' ' : c).Take(Longest)]);
        return text.Length > Longest ? line.TrimEnd() + "…" : line.Trim();
    }

    /// <summary>An answer that should be a JSON object; an empty map when it is none.</summary>
    public static MapNode Json(string text)
    {
        try
        {
            return JsonReader.Read(text) as MapNode ?? new MapNode();
        }
        catch (JsonException)
        {
            return new MapNode();
        }
    }

    /// <summary>JSON that a template made.</summary>
    /// <exception cref="NotificationException">It is not JSON.</exception>
    public static ListNode List(string what, string text)
    {
        try
        {
            return JsonReader.Read(text) as ListNode ?? throw new NotificationException($"{what} is not a list");
        }
        catch (JsonException broken)
        {
            throw new NotificationException($"failed to unmarshal {what} : {broken.Message}", broken);
        }
    }
}
