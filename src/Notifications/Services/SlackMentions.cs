using System.Collections.Concurrent;
using System.Text.RegularExpressions;
using Bowline.Notifications.Model;
using Bowline.Resources.Model;

namespace Bowline.Notifications.Services;

/// <summary>
/// Puts Slack's own ids where a template names somebody by <c>slackUserByEmail</c>, <c>slackChannel</c> or <c>slackUserGroup</c>. Whom Slack
/// does not know stays as he was named.
/// </summary>
/// <param name="ask">Asks a method of Slack's API with its query.</param>
internal sealed partial class SlackMentions(Func<string, CancellationToken, Task<MapNode>> ask)
{
    private const int MostPages = 20;
    private const int MostKnown = 10_000;
    private readonly ConcurrentDictionary<string, string> known = new(StringComparer.Ordinal);

    public async Task<string> ResolveAsync(string text, CancellationToken cancellationToken)
    {
        foreach (Match marker in Marker().Matches(text).DistinctBy(match => match.Value))
        {
            if (await MentionAsync(marker, cancellationToken).ConfigureAwait(false) is { } mention)
            {
                text = text.Replace(marker.Value, mention, StringComparison.Ordinal);
            }
        }

        return text;
    }

    private async Task<string?> MentionAsync(Match marker, CancellationToken cancellationToken)
    {
        if (known.TryGetValue(marker.Value, out string? mention))
        {
            return mention;
        }

        try
        {
            string name = marker.Groups["name"].Value;
            mention = marker.Groups["kind"].Value switch
            {
                "USER_EMAIL" => (await ask($"users.lookupByEmail?email={Uri.EscapeDataString(name)}", cancellationToken).ConfigureAwait(false)).At("user", "id")?.AsString() is { } user ? $"<@{user}>" : null,
                "CHANNEL" => await ChannelAsync(name.TrimStart('#'), cancellationToken).ConfigureAwait(false),
                _ => Id((await ask("usergroups.list", cancellationToken).ConfigureAwait(false))["usergroups"], name, "handle", "name") is { } group ? $"<!subteam^{group}>" : null,
            };
        }
        catch (NotificationException)
        {
            // Slack does not say: the message goes out as it is.
            return null;
        }

        if (mention is not null && known.Count < MostKnown)
        {
            known[marker.Value] = mention;
        }

        return mention;
    }

    private async Task<string?> ChannelAsync(string name, CancellationToken cancellationToken)
    {
        string cursor = string.Empty;
        for (int page = 0; page < MostPages; page++)
        {
            MapNode answer = await ask($"conversations.list?exclude_archived=true&limit=1000&types=public_channel,private_channel&cursor={Uri.EscapeDataString(cursor)}", cancellationToken).ConfigureAwait(false);
            if (Id(answer["channels"], name, "name") is { } channel)
            {
                return $"<#{channel}>";
            }

            cursor = answer.At("response_metadata", "next_cursor")?.AsString() ?? string.Empty;
            if (cursor.Length == 0)
            {
                break;
            }
        }

        return null;
    }

    private static string? Id(Node? list, string name, params string[] fields) =>
        (list as ListNode ?? []).FirstOrDefault(item => fields.Any(field => item[field]?.AsString() == name))?["id"]?.AsString();

    [GeneratedRegex("__SLACK_(?<kind>USER_EMAIL|CHANNEL|USERGROUP)__(?<name>.+?)__", RegexOptions.NonBacktracking)]
    private static partial Regex Marker();
}
