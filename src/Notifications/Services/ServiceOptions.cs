using System.Globalization;
using Bowline.Languages.GoTemplates.Values;
using Bowline.Notifications.Model;
using Bowline.Resources.Model;

namespace Bowline.Notifications.Services;

/// <summary>The settings of one service with its secrets put in; never printed.</summary>
internal sealed class ServiceOptions(MapNode settings, Dial? dial = null)
{
    /// <summary>Opens the service's connections; null for anywhere.</summary>
    public Dial? Dial => dial;

    public string Text(string name) => settings[name] switch
    {
        null or NullNode => string.Empty,
        StringNode text => text.Value,
        MapNode or ListNode => throw new NotificationException($"{name} must be a text"),
        var scalar => scalar.ToString() ?? string.Empty,
    };

    /// <exception cref="NotificationException">It is missing.</exception>
    public string Required(string name) => Text(name) is { Length: > 0 } text ? text : throw new NotificationException($"{name} is missing");

    public bool Flag(string name) => settings[name] switch
    {
        null or NullNode => false,
        BoolNode flag => flag.Value,
        StringNode { Value: "true" } => true,
        StringNode { Value: "false" or "" } => false,
        _ => throw new NotificationException($"{name} must be true or false"),
    };

    public int Integer(string name, int otherwise) => settings[name] switch
    {
        null or NullNode => otherwise,
        var node when (node.AsInteger() ?? (long.TryParse(node.AsString(), NumberStyles.None, CultureInfo.InvariantCulture, out long parsed) ? parsed : null)) is >= 0 and <= int.MaxValue and var value => (int)value,
        _ => throw new NotificationException($"{name} must be a whole number"),
    };

    /// <summary>Nanoseconds, as Go's JSON has a duration, or a text such as <c>5s</c>.</summary>
    public TimeSpan Duration(string name, TimeSpan otherwise)
    {
        long? nanoseconds = settings[name] switch
        {
            null or NullNode => null,
            StringNode text => GoDuration.Parse(text.Value, out string error) ?? throw new NotificationException($"{name}: {error}"),
            var node => node.AsInteger() ?? throw new NotificationException($"{name} must be a duration"),
        };
        return nanoseconds is > 0 ? TimeSpan.FromTicks(nanoseconds.Value / TimeSpan.NanosecondsPerTick) : otherwise;
    }

    /// <exception cref="NotificationException">It is missing, or no http(s) address.</exception>
    public Uri Address(string name) => WebTarget.Parse(name, Required(name));

    /// <summary>A list of maps.</summary>
    public IReadOnlyList<ServiceOptions> List(string name) => settings[name] switch
    {
        null or NullNode => [],
        ListNode list => [.. list.Select(item => new ServiceOptions(item as MapNode ?? throw new NotificationException($"{name} must be a list of maps")))],
        _ => throw new NotificationException($"{name} must be a list"),
    };

    /// <summary>A map of texts.</summary>
    public IReadOnlyDictionary<string, string> Texts(string name) => settings[name] switch
    {
        null or NullNode => new Dictionary<string, string>(),
        MapNode map => map.ToDictionary(member => member.Key, member => member.Value.AsString() ?? throw new NotificationException($"{name}.{member.Key} must be a text"), StringComparer.Ordinal),
        _ => throw new NotificationException($"{name} must be a map"),
    };

    public ServiceOptions? Map(string name) => settings[name] switch
    {
        null or NullNode => null,
        MapNode map => new ServiceOptions(map),
        _ => throw new NotificationException($"{name} must be a map"),
    };

    public override string ToString() => "***";
}
