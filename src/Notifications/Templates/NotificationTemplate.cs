using System.Collections.Frozen;
using Bowline.Languages.GoTemplates.Evaluating;
using Bowline.Languages.GoTemplates.Parsing;
using Bowline.Languages.GoTemplates.Sprig;
using Bowline.Languages.GoTemplates.Values;
using Bowline.Notifications.Model;
using Bowline.Resources.Model;

namespace Bowline.Notifications.Templates;

/// <summary>
/// A <c>template.NAME</c> of the configuration: a message, and what single services say beside it. Every text is a Go template with
/// Sprig, and no function that looks at the machine.
/// </summary>
public sealed class NotificationTemplate
{
    /// <summary>Settings of Slack that are no templates.</summary>
    private static readonly string[] PlainSlack = ["notifyBroadcast", "deliveryPolicy"];

    /// <summary>The texts of each service's section, and whether an empty one leaves what an earlier template said.</summary>
    private static readonly FrozenDictionary<string, (string[] Fields, bool KeepsEarlier)> Sections = new Dictionary<string, (string[], bool)>
    {
        ["email"] = (["subject", "body"], true),
        ["slack"] = (["username", "icon", "attachments", "blocks", "groupingKey"], false),
        ["teams"] = (["template", "title", "summary", "text", "themeColor", "facts", "sections", "potentialAction"], true),
        ["mattermost"] = (["attachments"], false),
        ["googlechat"] = (["cards", "cardsV2", "threadKey"], true),
    }.ToFrozenDictionary();

    private static readonly TemplateLimits Limits = new()
    {
        MaxAllocatedBytes = 64 * 1024 * 1024,
        MaxOutput = 1024 * 1024,
        MaxDepth = 1000,
        MaxSteps = 5_000_000,
    };

    private static readonly FunctionTable Functions = SprigFunctions.Table.Without("env", "expandenv").With(new Dictionary<string, GoFunction>(StringComparer.Ordinal)
    {
        ["slackUserByEmail"] = new(call => $"__SLACK_USER_EMAIL__{call.Text(0)}__", GoType.String),
        ["slackChannel"] = new(call => $"__SLACK_CHANNEL__{call.Text(0)}__", GoType.String),
        ["slackUserGroup"] = new(call => $"__SLACK_USERGROUP__{call.Text(0)}__", GoType.String),
    });

    private readonly List<CompiledText> texts = [];
    private readonly List<(string[] Path, Node Value)> plain = [];

    /// <param name="name">What errors call it.</param>
    /// <exception cref="NotificationException">A text is no template, or a section no map.</exception>
    public NotificationTemplate(string name, MapNode source)
    {
        foreach ((string section, Node value) in source)
        {
            if (section == "message")
            {
                Add(name, value, keepsEarlier: true, "message");
            }
            else if (section == "webhook")
            {
                AddWebhooks(name, value);
            }
            else if (Sections.TryGetValue(section, out (string[] Fields, bool KeepsEarlier) known))
            {
                MapNode map = Map(value, section);
                foreach (string field in known.Fields)
                {
                    Add(name, map[field] ?? string.Empty, known.KeepsEarlier, section, field);
                }

                foreach (string field in section == "slack" ? PlainSlack : [])
                {
                    plain.Add(([section, field], map[field] ?? Node.Null));
                }
            }
        }
    }

    /// <summary>Renders a list of templates into one notification: a later one completes, or replaces, what earlier ones said.</summary>
    /// <exception cref="NotificationException">A template failed.</exception>
    public static Notification Render(IEnumerable<NotificationTemplate> templates, MapNode variables, TimeProvider time, CancellationToken cancellationToken)
    {
        MapNode content = new();
        TemplateRun run = new(Functions, cancellationToken) { Limits = Limits, Clock = time };

        // Functions such as Sprig's set change what they are given.
        Node data = variables.CloneUnfrozen();
        foreach (NotificationTemplate template in templates)
        {
            template.RenderInto(content, data, run);
        }

        return new Notification(content);
    }

    private void RenderInto(MapNode content, Node data, TemplateRun run)
    {
        foreach (CompiledText text in texts)
        {
            try
            {
                string rendered = text.Set.Execute(text.Name, data, run);
                if (rendered.Length > 0 || !text.KeepsEarlier)
                {
                    Put(content, text.Path, rendered);
                }
            }
            catch (Exception broken) when (broken is TemplateException or TemplateLimitException)
            {
                throw new NotificationException(broken.Message, broken);
            }
        }

        foreach ((string[] path, Node value) in plain)
        {
            Put(content, path, value);
        }
    }

    private static void Put(MapNode content, string[] path, Node value) =>
        path[..^1].Aggregate(content, static (map, key) => map.EnsureMap(key))[path[^1]] = value;

    private void AddWebhooks(string name, Node value)
    {
        foreach ((string webhook, Node settings) in Map(value, "webhook"))
        {
            MapNode map = Map(settings, $"webhook.{webhook}");
            Add(name + webhook, map["body"] ?? string.Empty, false, "webhook", webhook, "body");
            Add(name + webhook, map["path"] ?? string.Empty, false, "webhook", webhook, "path");
            plain.Add((["webhook", webhook, "method"], map["method"] ?? Node.Null));
        }
    }

    private void Add(string name, Node value, bool keepsEarlier, params string[] path)
    {
        string text = value switch
        {
            StringNode written => written.Value,
            NullNode => string.Empty,
            MapNode or ListNode => throw new NotificationException($"{string.Join('.', path)} must be a text"),
            _ => value.ToString() ?? string.Empty,
        };
        TemplateSet set = new(Functions, null, string.Empty);
        try
        {
            set.Parse(name, text);
        }
        catch (TemplateException broken)
        {
            throw new NotificationException($"{string.Join('.', path)}: {broken.Message}", broken);
        }

        texts.Add(new CompiledText(set, name, path, keepsEarlier));
    }

    private static MapNode Map(Node value, string section) =>
        value as MapNode ?? (value is NullNode ? new MapNode() : throw new NotificationException($"{section} must be a map"));

    private sealed record CompiledText(TemplateSet Set, string Name, string[] Path, bool KeepsEarlier);
}
