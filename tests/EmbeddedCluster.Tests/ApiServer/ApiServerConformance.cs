using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Bowline.EmbeddedCluster.Hosting;
using Bowline.Resources.Json;
using Bowline.Resources.Model;
using Bowline.EmbeddedCluster.Kubelet;
using Bowline.Tests;
using Bowline.Tests.Controllers;
using Xunit.Abstractions;

namespace Bowline.EmbeddedCluster.Tests.ApiServer;

/// <summary>Replays what a real kube-apiserver 1.36 answered against the embedded one, over HTTPS.</summary>
public sealed class ApiServerConformance(ITestOutputHelper print)
{
    [SharedTheory]
    [InlineData("create")]
    [InlineData("errors")]
    [InlineData("update")]
    [InlineData("patch")]
    [InlineData("apply")]
    [InlineData("list")]
    [InlineData("watch")]
    [InlineData("delete")]
    [InlineData("subresources")]
    [InlineData("auth")]
    [InlineData("crd")]
    [InlineData("misc")]
    public async Task Recorded_requests_are_answered_as_kube_apiserver_answers_them(string area)
    {
        ScenarioReport report = new();
        foreach (string file in Directory.GetFiles(Path.Combine(SharedFolder.Goldens("apiserver"), area), "*.json").Order(StringComparer.Ordinal))
        {
            // A host of its own for each: the recordings cleaned up after themselves without saying how.
            await using EmbeddedClusterHost host = await EmbeddedClusterHost.StartAsync(new EmbeddedClusterOptions { ServiceSubnet = "10.0.0.0/24" }, default);
            using ScenarioReplay replay = new(host, file, report);
            await replay.RunAsync();
        }

        await FinishAsync(area, report);
    }

    [SharedFact]
    public async Task The_requests_of_recorded_kubectl_commands_get_the_recorded_statuses()
    {
        ScenarioReport report = new();
        await using RunningCluster cluster = await RunningCluster.StartAsync(
            ControllerManagerOptions.Default with { Nodes = new SimulatedNodeOptions { Count = 1, NamePrefix = "node-" } },
            new EmbeddedClusterOptions { ServiceSubnet = "10.0.0.0/24" });
        await cluster.CreateAsync("apiVersion: v1\nkind: Namespace\nmetadata: {name: kubectl}\n");
        await cluster.WaitAsync("v1", "ServiceAccount", "default", _ => true, "kubectl");
        using KubectlReplay replay = new(cluster.Host, SharedFolder.Goldens("kubectl"), report);
        await replay.RunAsync();
        await FinishAsync("kubectl", report);
    }

    private async Task FinishAsync(string area, ScenarioReport report)
    {
        string summary = $"apiserver {area}: {report.Matched}/{report.Total} steps, {report.CleanScenarios}/{report.Scenarios} scenarios";
        print.WriteLine(summary);
        string output = Path.Combine(AppContext.BaseDirectory, $"conformance-{area}.txt");
        await File.WriteAllTextAsync(output, summary + "\n" + string.Join("\n", report.Mismatches));
        KnownDifferences.Check(area, report);
    }
}

internal sealed class ScenarioReport
{
    public int Matched { get; set; }

    public int Total { get; set; }

    public int Scenarios { get; set; }

    public int CleanScenarios { get; set; }

    public List<string> Mismatches { get; } = [];

    /// <summary>The steps of <see cref="Mismatches"/> as scenario#index.</summary>
    public HashSet<string> Differing { get; } = new(StringComparer.Ordinal);

    /// <summary>All steps that were compared, as scenario#index.</summary>
    public HashSet<string> Compared { get; } = new(StringComparer.Ordinal);
}

/// <summary>One scenario against one host.</summary>
internal sealed class ScenarioReplay : IDisposable
{
    private readonly EmbeddedClusterHost host;
    private readonly string name;
    private readonly MapNode scenario;
    private readonly ScenarioReport report;
    private readonly Bindings bindings = new();
    private readonly HttpClient admin;
    private readonly HttpClient anonymous;
    private readonly Dictionary<string, WatchReader> watches = [];

    public ScenarioReplay(EmbeddedClusterHost host, string file, ScenarioReport report)
        : this(host, Path.GetFileNameWithoutExtension(file), (MapNode)JsonReader.Read(File.ReadAllBytes(file)), report)
    {
    }

    public ScenarioReplay(EmbeddedClusterHost host, string name, MapNode scenario, ScenarioReport report)
    {
        this.host = host;
        this.report = report;
        this.name = name;
        this.scenario = scenario;
        admin = HostClients.Admin(host);
        anonymous = HostClients.Anonymous(host);
        bindings.Bind("<server>", $"127.0.0.1:{host.Server.Port}");
    }

    /// <summary>Plays the stand-in kubelet that some recordings had; called with each of its steps.</summary>
    public Func<MapNode, Task>? Kubelet { get; init; }

    /// <summary>Called before each request; the argument tells a poll.</summary>
    public Func<bool, Task>? BeforeRequest { get; init; }

    /// <summary>How often a poll looks, 50 ms apart.</summary>
    public int PollAttempts { get; init; } = 20;

    /// <summary>Reduces recorded and real events of a watch to what has to be equal; all of it when there is none.</summary>
    public Func<ListNode, IReadOnlyList<Node>, (Node Recorded, Node Real)>? EventContract { get; init; }

    /// <summary>Values for placeholders that a request uses before any answer has shown one.</summary>
    public void Bind(string placeholder, string value) => bindings.Bind(placeholder, value);

    public async Task RunAsync()
    {
        int before = report.Total - report.Matched;
        ListNode steps = (ListNode)scenario["steps"]!;
        for (int i = 0; i < steps.Count; i++)
        {
            await RunStepAsync(i, (MapNode)steps[i]);
        }

        report.Scenarios++;
        report.CleanScenarios += report.Total - report.Matched == before ? 1 : 0;
    }

    public void Dispose()
    {
        foreach (WatchReader watch in watches.Values)
        {
            watch.Dispose();
        }

        admin.Dispose();
        anonymous.Dispose();
    }

    private async Task RunStepAsync(int index, MapNode step)
    {
        string kind = step["kind"]?.AsString() ?? string.Empty;
        if (kind.StartsWith("kubelet", StringComparison.Ordinal))
        {
            await (Kubelet?.Invoke(step) ?? Task.CompletedTask);
            return;
        }

        try
        {
            switch (kind)
            {
                case "watch-start":
                    await StartWatchAsync(index, step);
                    break;
                case "watch-read":
                    await ReadWatchAsync(index, step);
                    break;
                default:
                    await RequestAsync(index, step, polls: kind == "poll");
                    break;
            }
        }
        catch (Exception e) when (e is HttpRequestException or TaskCanceledException or InvalidOperationException or System.Text.Json.JsonException)
        {
            Count(index, step, false, [e.Message]);
        }
    }

    private async Task RequestAsync(int index, MapNode step, bool polls)
    {
        for (int attempt = 0; ; attempt++)
        {
            await (BeforeRequest?.Invoke(polls) ?? Task.CompletedTask);
            using HttpResponseMessage response = await SendAsync(step["request"]!, HttpCompletionOption.ResponseContentRead);
            byte[] body = await response.Content.ReadAsByteArrayAsync();
            if (step["setup"]?.AsBool() == true && step["response"]?["body"] is null)
            {
                if (!response.IsSuccessStatusCode)
                {
                    Count(index, step, false, [$"setup failed: {(int)response.StatusCode} {Encoding.UTF8.GetString(body)}"]);
                }

                return;
            }

            Bindings trial = bindings.Copy();
            List<string> differences = Compare(step["response"]!, response, body, trial, headers: !polls);
            if (polls && differences.Count > 0 && attempt < PollAttempts)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(50));
                continue;
            }

            bindings.Take(trial);
            Count(index, step, differences.Count == 0, differences);
            return;
        }
    }

    private static List<string> Compare(Node recorded, HttpResponseMessage response, byte[] body, Bindings bindings, bool headers = true)
    {
        List<string> differences = [];
        int code = (int)recorded["status"]!.AsInteger()!.Value;
        if (code != (int)response.StatusCode)
        {
            differences.Add($"status: recorded {code} real {(int)response.StatusCode} {Encoding.UTF8.GetString(body.AsSpan(0, Math.Min(body.Length, 500)))}");
        }

        if (recorded["bodyBase64Prefix"]?.AsString() is { } prefix)
        {
            if (!body.AsSpan().StartsWith(Convert.FromBase64String(prefix).AsSpan(0, 4)))
            {
                differences.Add("body is no protobuf");
            }

            return differences;
        }

        CompareHeaders(recorded, response, differences);

        if (recorded["body"] is { IsNull: false } wanted)
        {
            AnswerComparer comparer = new(bindings);
            try
            {
                comparer.Compare(wanted, JsonReader.Read(body), recorded["trimmed"]?.AsBool() == true || IsProjection(wanted));
            }
            catch (System.Text.Json.JsonException)
            {
                differences.Add("body is no JSON: " + Encoding.UTF8.GetString(body.AsSpan(0, Math.Min(body.Length, 200))));
            }

            differences.AddRange(comparer.Differences);
        }
        else if (recorded["bodyText"]?.AsString() is { } text && recorded["trimmed"] is null && !text.StartsWith("[+]", StringComparison.Ordinal))
        {
            string real = Encoding.UTF8.GetString(body);
            if (!bindings.Matches(text, real))
            {
                differences.Add($"text: recorded {text[..Math.Min(text.Length, 500)]} real {real[..Math.Min(real.Length, 500)]}");
            }
        }

        // Polls were recorded without headers.
        if (headers)
        {
            CompareWarnings(recorded, response, differences);
        }

        return differences;
    }

    // Recordings of controllers keep only what matters of some objects.
    private static bool IsProjection(Node body) =>
        body["items"] is ListNode { Count: > 0 } items ? items[0]["metadata"]?["uid"] is null : body["kind"] is null;

    private static void CompareHeaders(Node recorded, HttpResponseMessage response, List<string> differences)
    {
        foreach (string name in (string[])["Retry-After", "Location", "Allow"])
        {
            string wanted = recorded.At("headers", name)?.AsString() ?? string.Empty;
            string had = response.Headers.TryGetValues(name, out IEnumerable<string>? values) || response.Content.Headers.TryGetValues(name, out values) ? string.Join(", ", values) : string.Empty;
            if (wanted != had && !(wanted.Length == 0 && name == "Allow"))
            {
                differences.Add($"{name}: recorded {wanted} real {had}");
            }
        }

        string type = recorded["contentType"]?.AsString() ?? string.Empty;
        string real = response.Content.Headers.ContentType?.ToString() ?? string.Empty;
        if (type.Length > 0 && type.Replace(" ", string.Empty, StringComparison.Ordinal) != real.Replace(" ", string.Empty, StringComparison.Ordinal))
        {
            differences.Add($"content type: recorded {type} real {real}");
        }
    }

    private static void CompareWarnings(Node recorded, HttpResponseMessage response, List<string> differences)
    {
        string[] wanted = [.. (recorded.At("headers", "Warning")?.AsList() ?? []).Select(item => item.AsString()!).Order(StringComparer.Ordinal)];
        string[] had = response.Headers.TryGetValues("Warning", out IEnumerable<string>? values) ? [.. values.Order(StringComparer.Ordinal)] : [];
        if (!wanted.SequenceEqual(had))
        {
            differences.Add($"warnings: recorded [{string.Join(" | ", wanted)}] real [{string.Join(" | ", had)}]");
        }
    }

    private async Task<HttpResponseMessage> SendAsync(Node request, HttpCompletionOption completion)
    {
        // As it was recorded: dots in a path are the server's to judge.
        Uri url = new(host.Server.ToString().TrimEnd('/') + bindings.Fill(request["path"]!.AsString()!), new UriCreationOptions { DangerousDisablePathAndQueryCanonicalization = true });
        using HttpRequestMessage message = new(new HttpMethod(request["method"]!.AsString()!), url);
        message.Version = HttpVersion.Version20;
        message.Headers.TryAddWithoutValidation("User-Agent", "golden/1.0");
        byte[]? body = Body(request);
        if (body is not null)
        {
            message.Content = new ByteArrayContent(body);
        }

        foreach ((string key, Node value) in (MapNode)request["headers"]!)
        {
            foreach (string text in value is ListNode list ? list.Select(item => item.AsString()!) : [value.AsString()!])
            {
                string filled = bindings.Fill(text);
                if (key == "Content-Type")
                {
                    message.Content?.Headers.TryAddWithoutValidation(key, filled);
                }
                else
                {
                    if (key == "User-Agent")
                    {
                        message.Headers.Remove(key);
                    }

                    message.Headers.TryAddWithoutValidation(key, filled);
                }
            }
        }

        return await (request["anonymous"]?.AsBool() == true ? anonymous : admin).SendAsync(message, completion);
    }

    private byte[]? Body(Node request)
    {
        if (request["bodyText"]?.AsString() is { } text)
        {
            return Encoding.UTF8.GetBytes(bindings.Fill(text));
        }

        if (request["bodyGenerator"] is { } generator)
        {
            return Generated(generator);
        }

        return request["body"] is { } body ? JsonWriter.ToBytes(bindings.Fill(body)) : null;
    }

    private static byte[] Generated(Node generator)
    {
        if (generator["base"] is not MapNode body)
        {
            return Encoding.UTF8.GetBytes("[" + string.Join(",", Enumerable.Repeat("""{"op":"add","path":"/x","value":1}""", 10001)) + "]");
        }

        MapNode filled = (MapNode)body.DeepClone();
        string[] path = generator["path"]!.AsString()!.Split('.');
        MapNode at = filled;
        foreach (string key in path[..^1])
        {
            at = at.EnsureMap(key);
        }

        at[path[^1]] = new string(generator["repeat"]!.AsString()![0], (int)generator["count"]!.AsInteger()!.Value);
        return JsonWriter.ToBytes(filled);
    }

    private async Task StartWatchAsync(int index, MapNode step)
    {
        await (BeforeRequest?.Invoke(false) ?? Task.CompletedTask);
        HttpResponseMessage response = await SendAsync(step["request"]!, HttpCompletionOption.ResponseHeadersRead);
        bool ok = response.IsSuccessStatusCode;
        Node recorded = step["response"]!;
        if (!ok || recorded["body"] is not null)
        {
            byte[] body = ok ? [] : await response.Content.ReadAsByteArrayAsync();
            List<string> differences = ok ? [$"watch began, recorded {recorded["status"]}"] : Compare(recorded, response, body, bindings);
            response.Dispose();
            Count(index, step, differences.Count == 0, differences);
            return;
        }

        watches[step["watchId"]!.AsString()!] = new WatchReader(response);
        Count(index, step, recorded["status"]?.AsInteger() == 200, ["watch began"]);
    }

    private async Task ReadWatchAsync(int index, MapNode step)
    {
        if (!watches.TryGetValue(step["watchId"]!.AsString()!, out WatchReader? watch))
        {
            Count(index, step, false, ["no such watch"]);
            return;
        }

        ListNode wanted = (ListNode)step["events"]!;
        bool bookmarks = wanted.Any(item => item["type"]?.AsString() == "BOOKMARK");
        List<Node> real = await watch.TakeAsync(wanted.Count, step["ended"]?.AsBool() == true, bookmarks);
        AnswerComparer comparer = new(bindings);
        (Node recorded, Node had) = EventContract?.Invoke(wanted, real) ?? (wanted, new ListNode(real));
        comparer.Compare(recorded, had, step["trimmed"]?.AsBool() == true, "/events");
        Count(index, step, comparer.Differences.Count == 0, comparer.Differences);
    }

    private void Count(int index, MapNode step, bool matched, IReadOnlyList<string> differences)
    {
        report.Total++;
        report.Compared.Add(string.Create(CultureInfo.InvariantCulture, $"{name}#{index}"));
        if (matched)
        {
            report.Matched++;
            return;
        }

        report.Differing.Add(string.Create(CultureInfo.InvariantCulture, $"{name}#{index}"));
        string what = $"{step["request"]?["method"]?.AsString()} {step["request"]?["path"]?.AsString()}";
        report.Mismatches.Add(string.Create(CultureInfo.InvariantCulture, $"{name}#{index} {step["kind"]?.AsString()} {what} ({step["note"]?.AsString()})\n    {string.Join("\n    ", differences.Take(8))}"));
    }
}

/// <summary>Reads a watch stream in the background.</summary>
internal sealed class WatchReader : IDisposable
{
    private readonly HttpResponseMessage response;
    private readonly ConcurrentQueue<Node> events = new();
    private readonly Task reading;

    public WatchReader(HttpResponseMessage response)
    {
        this.response = response;
        reading = Task.Run(ReadAsync);
    }

    public async Task<List<Node>> TakeAsync(int count, bool untilEnd, bool bookmarks)
    {
        List<Node> taken = [];
        for (int i = 0; i < (untilEnd ? 400 : bookmarks ? 240 : 60) && (taken.Count < count || (untilEnd && !reading.IsCompleted)); i++)
        {
            while (events.TryDequeue(out Node? item))
            {
                if (bookmarks || item["type"]?.AsString() != "BOOKMARK")
                {
                    taken.Add(item);
                }
            }

            await Task.Delay(TimeSpan.FromMilliseconds(25));
        }

        if (count == 0)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(100));
        }

        while (events.TryDequeue(out Node? item))
        {
            if (bookmarks || item["type"]?.AsString() != "BOOKMARK")
            {
                taken.Add(item);
            }
        }

        return taken;
    }

    public void Dispose() => response.Dispose();

    private async Task ReadAsync()
    {
        try
        {
            using StreamReader reader = new(await response.Content.ReadAsStreamAsync());
            while (await reader.ReadLineAsync() is { } line)
            {
                events.Enqueue(JsonReader.Read(line));
            }
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException or HttpRequestException or System.Text.Json.JsonException or InvalidOperationException)
        {
            // The scenario is over.
        }
    }
}
