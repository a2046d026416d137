using System.Collections.Frozen;
using System.Text;
using Bowline.Languages.GoTemplates.Values;
using Bowline.Notifications.Model;
using Bowline.Resources.Model;

namespace Bowline.Notifications.Variables;

/// <summary>
/// What triggers and templates see of an application: <c>app</c>, <c>context</c>, <c>secrets</c> and the functions of <c>time</c>,
/// <c>strings</c>, <c>repo</c> and <c>sync</c> (https://argo-cd.readthedocs.io/en/stable/operator-manual/notifications/functions/).
/// </summary>
internal static class ApplicationVariables
{
    private const string Rfc3339 = "2006-01-02T15:04:05Z07:00";

    /// <summary>The layouts of Go's time package.</summary>
    private static readonly (string Name, string Layout)[] Layouts =
    [
        ("Layout", "01/02 03:04:05PM '06 -0700"),
        ("ANSIC", "Mon Jan _2 15:04:05 2006"),
        ("UnixDate", "Mon Jan _2 15:04:05 MST 2006"),
        ("RubyDate", "Mon Jan 02 15:04:05 -0700 2006"),
        ("RFC822", "02 Jan 06 15:04 MST"),
        ("RFC822Z", "02 Jan 06 15:04 -0700"),
        ("RFC850", "Monday, 02-Jan-06 15:04:05 MST"),
        ("RFC1123", "Mon, 02 Jan 2006 15:04:05 MST"),
        ("RFC1123Z", "Mon, 02 Jan 2006 15:04:05 -0700"),
        ("RFC3339", Rfc3339),
        ("RFC3339Nano", "2006-01-02T15:04:05.999999999Z07:00"),
        ("Kitchen", "3:04PM"),
        ("Stamp", "Jan _2 15:04:05"),
        ("StampMilli", "Jan _2 15:04:05.000"),
        ("StampMicro", "Jan _2 15:04:05.000000"),
        ("StampNano", "Jan _2 15:04:05.000000000"),
    ];

    private static readonly MapNode Strings = (MapNode)new MapNode
    {
        ["ReplaceAll"] = Function(call => Text(call, call.Text(1).Length == 0 ? call.Text(0) : call.Text(0).Replace(call.Text(1), call.Text(2), StringComparison.Ordinal)), GoType.String, GoType.String, GoType.String),
        ["ToUpper"] = Function(call => Text(call, call.Text(0).ToUpperInvariant()), GoType.String),
        ["ToLower"] = Function(call => Text(call, call.Text(0).ToLowerInvariant()), GoType.String),
    }.Freeze();

    private static readonly MapNode Sync = (MapNode)new MapNode { ["GetInfoItem"] = Function(InfoItem, GoType.Map, GoType.String) }.Freeze();

    private static readonly MapNode Time = (MapNode)TimeFunctions().Freeze();

    /// <param name="application">The Application as the cluster holds it.</param>
    /// <param name="context">The <c>context</c> of the configuration.</param>
    /// <param name="service">By which service is told; empty while it is only asked whether.</param>
    public static MapNode Of(MapNode application, FrozenDictionary<string, string> context, FrozenDictionary<string, string> secrets, CommitNotes commits, string service)
    {
        MapNode variables = new() { ["notificationType"] = service };
        foreach ((string name, string value) in context)
        {
            variables[name] = value;
        }

        MapNode bytes = new();
        foreach ((string name, string value) in secrets)
        {
            bytes[name] = new GoBytes(Encoding.UTF8.GetBytes(value));
        }

        return new MapNode
        {
            ["app"] = application,
            ["context"] = new GoMap(GoType.StringMap, variables),
            ["secrets"] = new GoMap(GoType.MapOf(GoType.Bytes), bytes),
            ["time"] = Time,
            ["strings"] = Strings,
            ["sync"] = Sync,
            ["repo"] = Repository(application, commits),
        };
    }

    /// <summary>As <see cref="Of"/>, with whom is told: <c>serviceType</c> and <c>recipient</c>.</summary>
    public static MapNode ForDelivery(MapNode application, FrozenDictionary<string, string> context, FrozenDictionary<string, string> secrets, CommitNotes commits, Destination destination)
    {
        MapNode variables = Of(application, context, secrets, commits, destination.Service);
        variables["serviceType"] = destination.Service;
        variables["recipient"] = destination.Recipient;
        return variables;
    }

    private static MapNode Repository(MapNode application, CommitNotes commits) => new()
    {
        ["RepoURLToHTTPS"] = Function(call => GitAddress.ToHttps(call.Text(0)), GoType.String),
        ["FullNameByRepoURL"] = Function(call => GitAddress.FullName(call.Text(0)), GoType.String),
        ["QueryEscape"] = Function(call => Text(call, QueryEscape(call.Text(0))), GoType.String),
        ["GetCommitMetadata"] = Function(call => commits.Find(new CommitQuery(RepositoryOf(application), call.Text(0), application.At("spec", "project")?.AsString() ?? string.Empty)).ToValue(), GoType.String),
        ["GetAppDetails"] = Function(_ => throw new GoError("repo.GetAppDetails is not offered: it would render the application once more for every notification; app.spec says what it is made of")),
    };

    /// <summary>An application of several sources is asked about its first.</summary>
    private static string RepositoryOf(MapNode application) =>
        application.At("spec", "source", "repoURL")?.AsString()
        ?? (application.At("spec", "sources") is ListNode { Count: > 0 } sources ? sources[0]["repoURL"]?.AsString() : null)
        ?? throw new GoError("failed to get application source repo URL");

    /// <summary>The value of an <c>info</c> item of the operation that runs, or else of the last one.</summary>
    private static StringNode InfoItem(FunctionCall call)
    {
        MapNode? application = call.Map(0);
        Node? operation = application?["operation"] ?? application?.At("status", "operationState", "operation");
        return StringNode.Of((operation?["info"] as ListNode ?? []).FirstOrDefault(item => item["name"]?.AsString() == call.Text(1))?["value"]?.AsString() ?? string.Empty);
    }

    private static StringNode Text(FunctionCall call, string text)
    {
        call.Run.Charge(text.Length);
        return StringNode.Of(text);
    }

    /// <summary>Go's url.QueryEscape: a space is a plus.</summary>
    private static string QueryEscape(string text) => Uri.EscapeDataString(text).Replace("%20", "+", StringComparison.Ordinal);

    private static GoFunctionValue Function(FunctionBody body, params GoType[] parameters) => new(new GoFunction(body, parameters));

    private static MapNode TimeFunctions()
    {
        MapNode time = new()
        {
            ["Now"] = Function(call => GoTime.From(call.Run.Clock.GetUtcNow())),
            ["Parse"] = Function(call => GoTime.Parse(Rfc3339, call.Text(0), out string error) ?? throw new GoError(error), GoType.String),
            ["Nanosecond"] = new GoDuration(1),
            ["Microsecond"] = new GoDuration(1000),
            ["Millisecond"] = new GoDuration(1_000_000),
            ["Second"] = new GoDuration(GoDuration.Second),
            ["Minute"] = new GoDuration(GoDuration.Minute),
            ["Hour"] = new GoDuration(GoDuration.Hour),
        };
        foreach ((string name, string layout) in Layouts)
        {
            time[name] = layout;
        }

        return time;
    }
}
