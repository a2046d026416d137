using System.Globalization;
using System.Text;
using Bowline.EmbeddedCluster.ApiServer.Bodies;
using Bowline.EmbeddedCluster.Kinds;
using Bowline.EmbeddedCluster.Validation;
using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.ApiServer.Monitoring;

/// <summary><c>/statusz</c> and <c>/flagz</c>: as text for people, as config.k8s.io's Statusz and Flagz for programs.</summary>
/// <param name="flags">What the server was started with, in kube-apiserver's words; nothing of it is secret.</param>
internal sealed class StatusPages(TimeProvider time, DateTimeOffset started, IReadOnlyDictionary<string, string> flags)
{
    private const string Component = "kube-apiserver";
    private const string Warning = "Warning: This endpoint is not meant to be machine parseable, has no formatting compatibility guarantees and is for debugging purposes only.\n";

    public ApiResponse Status(ApiRequest request, IEnumerable<string> paths)
    {
        TimeSpan up = time.GetUtcNow() - started;
        string[] folders = [.. paths.Select(path => "/" + path.Split('/')[1]).Where(folder => folder is "/healthz" or "/livez" or "/metrics" or "/readyz" or "/version").Distinct().Order(StringComparer.Ordinal)];
        Node version = EmbeddedData.Json("version.json");
        string release = $"{version["major"]?.AsString()}.{version["minor"]?.AsString()}";
        string go = version["goVersion"]?.AsString() ?? string.Empty;
        return Answer(
            request,
            "Statusz",
            () => string.Create(CultureInfo.InvariantCulture, $"\n{Component} statusz\n{Warning}\nStarted: {started.UtcDateTime:ddd MMM d HH:mm:ss} UTC {started.Year}\nUp: {(long)up.TotalHours} hr {up.Minutes:00} min {up.Seconds:00} sec\nGo version: {go}\nBinary version: {release}\nEmulation version: {release}\nPaths: {string.Join(' ', folders)}\n"),
            () => new MapNode
            {
                ["startTime"] = Timestamp.Text(started),
                ["uptimeSeconds"] = (long)up.TotalSeconds,
                ["goVersion"] = go,
                ["binaryVersion"] = release,
                ["emulationVersion"] = release,
                ["paths"] = new ListNode(folders.Select(folder => (Node)folder)),
            });
    }

    public ApiResponse Flags(ApiRequest request) => Answer(
        request,
        "Flagz",
        () => $"\n{Component} flagz\n{Warning}\n{string.Concat(flags.OrderBy(flag => flag.Key, StringComparer.Ordinal).Select(flag => $"{flag.Key}={flag.Value}\n"))}",
        () =>
        {
            MapNode values = [];
            foreach ((string name, string value) in flags)
            {
                values[name] = value;
            }

            return new MapNode { ["flags"] = values };
        });

    private static ApiResponse Answer(ApiRequest request, string kind, Func<string> text, Func<MapNode> members)
    {
        foreach (string clause in (request.Accept.Length == 0 ? "*/*" : request.Accept).Split(',', StringSplitOptions.TrimEntries))
        {
            string[] parts = clause.Split(';', StringSplitOptions.TrimEntries);
            if (parts[0] is "text/plain" or "text/*" or "*/*")
            {
                return new ApiResponse(200, "text/plain; charset=utf-8", Encoding.UTF8.GetBytes(text()));
            }

            string? version = parts.Contains("v=v1beta1") ? "v1beta1" : parts.Contains("v=v1alpha1") ? "v1alpha1" : null;
            if (parts[0] is "application/json" or "application/yaml" && version is not null && parts.Contains("g=config.k8s.io") && parts.Contains($"as={kind}"))
            {
                MapNode node = new() { ["kind"] = kind, ["apiVersion"] = $"config.k8s.io/{version}", ["metadata"] = new MapNode { ["name"] = Component } };
                foreach ((string key, Node value) in members())
                {
                    node[key] = value;
                }

                Accepted accepted = new(parts[0] == "application/yaml" ? BodyEncoding.Yaml : BodyEncoding.Json, Presentation.Object, false);
                return new ApiResponse(200, $"{accepted.ContentType};g=config.k8s.io;v={version};as={kind}", ListEncoder.Bytes(node, accepted))
                {
                    Warnings = version == "v1alpha1" ? [$"This version of the {kind.ToLowerInvariant()} endpoint is deprecated. Please use a newer version."] : [],
                };
            }
        }

        throw ApiErrors.NotAcceptableForm("only the following media types are accepted: application/json, application/yaml, text/plain");
    }
}
