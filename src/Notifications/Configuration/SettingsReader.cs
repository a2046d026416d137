using System.Collections.Frozen;
using System.Text;
using Bowline.Languages.Expressions;
using Bowline.Notifications.Model;
using Bowline.Notifications.Services;
using Bowline.Notifications.Templates;
using Bowline.Notifications.Triggers;
using Bowline.Resources.Model;
using Bowline.Resources.Yaml;

namespace Bowline.Notifications.Configuration;

/// <summary>
/// Reads Argo CD's two objects unmodified (https://argo-cd.readthedocs.io/en/stable/operator-manual/notifications/).
/// </summary>
public sealed class SettingsReader
{
    private readonly Dictionary<string, IReadOnlyList<Condition>> triggers = new(StringComparer.Ordinal);
    private readonly Dictionary<string, NotificationTemplate> templates = new(StringComparer.Ordinal);
    private readonly Dictionary<string, INotificationService> services = new(StringComparer.Ordinal);
    private readonly Dictionary<string, IReadOnlyList<string>> serviceDefaults = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> context = new(StringComparer.Ordinal);
    private readonly List<DefaultSubscription> subscriptions = [];
    private readonly List<SettingProblem> problems = [];
    private readonly FrozenDictionary<string, string> secrets;
    private readonly Redactor redactor;
    private readonly TimeProvider time;
    private IReadOnlyList<string> defaultTriggers = [];

    private readonly Dial? dial;

    private SettingsReader(MapNode? secret, TimeProvider time, Dial? dial)
    {
        this.time = time;
        this.dial = dial;
        secrets = Values(secret).ToFrozenDictionary(StringComparer.Ordinal);
        redactor = new Redactor(secrets.Values);
    }

    /// <param name="configMap">The ConfigMap as the cluster, or a file, holds it.</param>
    /// <param name="secret">The Secret; null when there is none.</param>
    /// <param name="dial">Opens the services' connections; null for anywhere.</param>
    public static NotificationSettings Read(MapNode configMap, MapNode? secret, TimeProvider time, Dial? dial = null)
    {
        SettingsReader reader = new(secret, time, dial);
        foreach ((string key, Node value) in (configMap["data"] as MapNode)?.Sorted() ?? [])
        {
            reader.ReadKey(key, value.AsString() ?? string.Empty);
        }

        if (reader.secrets.ContainsKey("notifiers.yaml"))
        {
            reader.problems.Add(new SettingProblem("notifiers.yaml", "this key of the Secret is deprecated by Argo CD and not read; say the same in service.* keys"));
        }

        return reader.Settings();
    }

    private NotificationSettings Settings() => new()
    {
        Triggers = triggers.ToFrozenDictionary(StringComparer.Ordinal),
        Templates = templates.ToFrozenDictionary(StringComparer.Ordinal),
        Services = services.ToFrozenDictionary(StringComparer.Ordinal),
        Context = context.ToFrozenDictionary(StringComparer.Ordinal),
        Secrets = secrets,
        Subscriptions = subscriptions,
        DefaultTriggers = defaultTriggers,
        ServiceDefaultTriggers = serviceDefaults.ToFrozenDictionary(StringComparer.Ordinal),
        Problems = problems,
        Redactor = redactor,
    };

    private void ReadKey(string key, string text)
    {
        try
        {
            string name = key[(key.IndexOf('.', StringComparison.Ordinal) + 1)..];
            switch (key.Split('.')[0])
            {
                case "trigger":
                    triggers[name] = Conditions(text);
                    break;
                case "template":
                    templates[name] = new NotificationTemplate(name, Map(text));
                    break;
                case "service":
                    ReadService(key, text);
                    break;
                case "defaultTriggers" when name == key:
                    defaultTriggers = Texts(YamlReader.Read(text));
                    break;
                case "defaultTriggers":
                    serviceDefaults[name] = Texts(YamlReader.Read(text));
                    break;
                case "subscriptions":
                    subscriptions.AddRange((YamlReader.Read(text) as ListNode ?? []).Select(Subscription));
                    break;
                case "context":
                    ReadContext(text);
                    break;
                case "config" when name == "yaml":
                    throw new NotificationException("this key is deprecated by Argo CD and not read; say the same in trigger.*, template.* and subscriptions");
            }
        }
        catch (Exception broken) when (broken is NotificationException or ExpressionException)
        {
            problems.Add(new SettingProblem(key, redactor.Clean(broken.Message)));
        }
        catch (YamlException broken)
        {
            problems.Add(new SettingProblem(key, redactor.Clean($"line {broken.Line}: {broken.Reason}")));
        }
    }

    private static List<Condition> Conditions(string text)
    {
        if (YamlReader.Read(text) is not ListNode list)
        {
            throw new NotificationException("a trigger is a list of conditions");
        }

        List<Condition> conditions = [];
        foreach (Node item in list)
        {
            conditions.Add(new Condition(conditions.Count, Scalar(item["when"]), Scalar(item["oncePer"]), Texts(item["send"])));
        }

        return conditions;
    }

    private void ReadService(string key, string text)
    {
        string[] parts = key.Split('.');
        if (parts.Length is not (2 or 3))
        {
            throw new NotificationException($"invalid service key; expected 'service.<type>(.<name>)' but got '{key}'");
        }

        List<string> missing = [];
        MapNode settings = (MapNode)SecretReferences.Resolve(Map(text), secrets, missing.Add);
        if (missing.Count > 0)
        {
            problems.Add(new SettingProblem(key, $"{NotificationSettings.SecretName} has no key {string.Join(", ", missing.Distinct())}"));
        }

        services[parts[^1]] = ServiceRegistry.Create(parts[1], new ServiceOptions(settings, dial), time);
    }

    private static DefaultSubscription Subscription(Node item) => new(
        [.. Texts(item["recipients"]).Select(Destination.Parse)],
        Texts(item["triggers"]),
        SelectorOf(item["selector"]?.AsString()));

    private static LabelSelector SelectorOf(string? text) => LabelSelector.TryParse(text, out LabelSelector? selector, out string? problem)
        ? selector
        : throw new NotificationException($"'{text}' is no label selector: {problem}");

    private void ReadContext(string text)
    {
        foreach ((string name, Node value) in Map(text))
        {
            context[name] = Scalar(value);
        }
    }

    private static MapNode Map(string text) => YamlReader.Read(text) switch
    {
        MapNode map => map,
        NullNode => new MapNode(),
        _ => throw new NotificationException("it must be a map"),
    };

    private static string[] Texts(Node? list) => [.. (list as ListNode ?? []).Select(Scalar).Where(text => text.Length > 0)];

    private static string Scalar(Node? node) => node switch
    {
        null or NullNode => string.Empty,
        MapNode or ListNode => throw new NotificationException("a text is expected where there is a list or a map"),
        _ => node.ToString() ?? string.Empty,
    };

    private static Dictionary<string, string> Values(MapNode? secret)
    {
        Dictionary<string, string> values = new(StringComparer.Ordinal);
        foreach ((string key, Node value) in secret?["data"] as MapNode ?? [])
        {
            byte[] bytes = new byte[value.AsString()?.Length ?? 0];
            values[key] = Convert.TryFromBase64String(value.AsString() ?? string.Empty, bytes, out int length) ? Encoding.UTF8.GetString(bytes, 0, length) : string.Empty;
        }

        foreach ((string key, Node value) in secret?["stringData"] as MapNode ?? [])
        {
            values[key] = Scalar(value);
        }

        return values;
    }
}
