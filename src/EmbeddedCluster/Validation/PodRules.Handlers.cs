using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.Validation;

internal static partial class PodRules
{
    private const string HandlerText = "must specify a handler type";
    private static readonly string[] Handlers = ["exec", "httpGet", "tcpSocket", "grpc"];

    private static void Lifecycle(Checks check, Node? lifecycle, string path, PodScope scope)
    {
        foreach (string hook in (ReadOnlySpan<string>)["postStart", "preStop"])
        {
            if (lifecycle?[hook] is { } handler)
            {
                Handler(check, handler, $"{path}.{hook}", scope, "exec", "httpGet", "tcpSocket", "sleep");
            }
        }
    }

    private static void Probes(Checks check, Node container, string path, PodScope scope)
    {
        foreach (string name in (ReadOnlySpan<string>)["livenessProbe", "readinessProbe", "startupProbe"])
        {
            if (container[name] is not MapNode probe)
            {
                continue;
            }

            string at = $"{path}.{name}";
            Handler(check, probe, at, scope, Handlers);
            foreach (string number in (ReadOnlySpan<string>)["initialDelaySeconds", "timeoutSeconds", "periodSeconds", "successThreshold", "failureThreshold"])
            {
                check.NotNegative(probe[number], $"{at}.{number}");
            }

            check.Positive(probe["terminationGracePeriodSeconds"], $"{at}.terminationGracePeriodSeconds");
            if (name != "readinessProbe" && probe["successThreshold"]?.AsInteger() is { } threshold and not 1)
            {
                check.Add(FieldError.Invalid($"{at}.successThreshold", threshold, "must be 1"));
            }

            if (name == "readinessProbe" && probe["terminationGracePeriodSeconds"] is { IsNull: false } grace)
            {
                check.Add(FieldError.Invalid($"{at}.terminationGracePeriodSeconds", grace, "must not be set for readinessProbes"));
            }
        }
    }

    private static void Handler(Checks check, Node handler, string path, PodScope scope, params string[] kinds)
    {
        string[] set = [.. kinds.Where(kind => handler[kind] is MapNode)];
        foreach (string second in set.Skip(1))
        {
            check.Add(FieldError.Forbidden($"{path}.{second}", "may not specify more than 1 handler type"));
        }

        if (set.Length == 0)
        {
            check.Add(FieldError.Required(path, HandlerText));
            return;
        }

        Node action = handler[set[0]]!;
        string at = $"{path}.{set[0]}";
        switch (set[0])
        {
            case "exec":
                check.Require(action["command"], $"{at}.command");
                break;
            case "httpGet":
                check.Require(action["path"], $"{at}.path");
                check.PortOrName(action["port"] ?? IntegerNode.Of(0), $"{at}.port");
                check.OneOf(action["scheme"] ?? StringNode.Empty, $"{at}.scheme", "HTTP", "HTTPS");
                foreach (Node header in action["httpHeaders"]?.AsList() ?? [])
                {
                    check.Name(header["name"], $"{at}.httpHeaders", NameRules.HttpHeader);
                }

                break;
            case "sleep":
                if (scope.GracePeriod is { } grace && (action["seconds"]?.AsInteger() ?? 0) is var seconds && (seconds < 0 || seconds > grace))
                {
                    check.Add(FieldError.Invalid(at, seconds, $"must be non-negative and less than terminationGracePeriodSeconds ({grace})"));
                }

                break;
            default:
                check.PortOrName(action["port"] ?? IntegerNode.Of(0), $"{at}.port");
                break;
        }
    }
}
