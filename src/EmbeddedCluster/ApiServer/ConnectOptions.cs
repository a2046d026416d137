using System.Globalization;
using Bowline.EmbeddedCluster.Kinds;
using Bowline.EmbeddedCluster.Validation;
using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.ApiServer;

/// <summary>The query of a request to exec, attach, portforward or proxy as the object that admission is shown: PodExecOptions, PodAttachOptions, PodPortForwardOptions, PodProxyOptions and those of services and nodes.</summary>
internal static class ConnectOptions
{
    private static readonly string[] Streams = ["stdin", "stdout", "stderr", "tty"];

    /// <param name="path">What follows the subresource in the request's path, from its slash on.</param>
    /// <exception cref="ApiException">400 for ports that are no numbers.</exception>
    public static MapNode Of(ServedSubresource subresource, ApiRequest request, string path)
    {
        MapNode options = new() { ["kind"] = subresource.Kind.Kind, ["apiVersion"] = subresource.Kind.ApiVersion };
        switch (subresource.Name)
        {
            case "portforward":
                SetPorts(options, request.Values("ports"));
                break;
            case "proxy":
                SetText(options, "path", path);
                break;
            default:
                SetStreams(options, request);
                break;
        }

        if (subresource.Name == "exec")
        {
            IReadOnlyList<string> command = request.Values("command");
            options["command"] = command.Count > 0 ? new ListNode(command.Select(word => (Node)word)) : Node.Null;
        }

        return options;
    }

    private static void SetStreams(MapNode options, ApiRequest request)
    {
        foreach (string stream in Streams.Where(request.Flag))
        {
            options[stream] = true;
        }

        SetText(options, "container", request.Parameter("container"));
    }

    private static void SetPorts(MapNode options, IReadOnlyList<string> ports)
    {
        ListNode numbers = [];
        foreach (string port in ports.SelectMany(value => value.Split(',')))
        {
            numbers.Add(int.TryParse(port, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out int number)
                ? IntegerNode.Of(number)
                : throw ApiErrors.BadRequest($"ports: \"{port}\" is no number"));
        }

        if (numbers.Count > 0)
        {
            options["ports"] = numbers;
        }
    }

    private static void SetText(MapNode options, string key, string text)
    {
        if (text.Length > 0)
        {
            options[key] = text;
        }
    }
}
