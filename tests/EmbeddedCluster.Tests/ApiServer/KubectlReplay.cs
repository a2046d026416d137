using System.Globalization;
using System.Net;
using System.Text;
using System.Text.RegularExpressions;
using Bowline.EmbeddedCluster.Hosting;
using Bowline.Resources.Json;
using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.Tests.ApiServer;

/// <summary>The requests of recorded kubectl commands, one after the other against one host: statuses have to be as recorded.</summary>
internal sealed partial class KubectlReplay : IDisposable
{
    // The recordings do not say in which order the commands ran; each needs the state that those before it left.
    // One in brackets was done again in between, unrecorded.
    internal const string Order = """
        discovery-cold version api-versions api-resources cluster-info get-raw auth-can-i auth-can-i-as auth-can-i-list auth-whoami
        get-unknown-type get-not-found create-dry-run-client unreachable top-pods
        apply explain explain-recursive apply-unchanged diff apply-change wait-condition rollout-status wait-timeout
        get-pods get-pods-wide get-deploy-yaml get-deploy-json get-jsonpath get-custom-columns get-name get-all get-selector get-watch-only
        get-nodes-wide get-events events describe-deploy describe-pod describe-service
        apply-server-side apply-server-side-conflict apply-server-side-force create replace apply-dry-run-server apply-unknown-field
        patch-merge patch-json edit wait-jsonpath get-watch get-chunks
        apply-kustomize apply-prune delete-selector
        label label-overwrite-refused label-remove annotate patch-strategic scale patch-subresource scale-current
        set-image set-env rollout-history rollout-history-revision rollout-undo rollout-pause rollout-resume rollout-restart
        logs logs-follow logs-pod-missing exec
        create-namespace create-deployment create-configmap create-secret create-token expose autoscale run
        cordon cordon-node uncordon-node describe-node delete-now (run) drain-node
        crd-apply wait-crd explain-custom-resource explain-custom-resource-recursive crd-instance-apply crd-instance-get crd-instance-apply-change crd-delete
        delete delete-not-found delete-ignore-not-found delete-cascade-orphan delete-all-force delete-namespace
        """;

    private readonly string folder;
    private readonly ScenarioReport report;
    private readonly HttpClient client;
    private readonly Dictionary<string, string> pods = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> tags = new(StringComparer.Ordinal);
    private readonly EmbeddedClusterHost host;
    private Node? last;
    private Node? lastRead;

    public KubectlReplay(EmbeddedClusterHost host, string folder, ScenarioReport report)
    {
        this.host = host;
        this.folder = folder;
        this.report = report;
        client = HostClients.Admin(host);
    }

    public async Task RunAsync()
    {
        string[] order = Order.Split((char[])[' ', '\n'], StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(Directory.GetFiles(folder, "*.json").Select(file => Path.GetFileNameWithoutExtension(file)).Order(StringComparer.Ordinal), order.Where(name => name[0] != '(').Order(StringComparer.Ordinal));
        foreach (string name in order)
        {
            if (name[0] == '(')
            {
                await RepeatAsync(name.Trim('(', ')'));
                continue;
            }

            int before = report.Total - report.Matched;
            MapNode command = (MapNode)JsonReader.Read(await File.ReadAllBytesAsync(Path.Combine(folder, name + ".json")));
            ListNode requests = (ListNode)command["requests"]!;
            for (int i = 0; i < requests.Count; i++)
            {
                await RequestAsync($"{name}#{i.ToString(CultureInfo.InvariantCulture)}", requests[i], i > 0 && requests[i - 1]["method"]!.AsString() == "DELETE");
            }

            report.Scenarios++;
            report.CleanScenarios += report.Total - report.Matched == before ? 1 : 0;
        }
    }

    public void Dispose() => client.Dispose();

    private async Task RepeatAsync(string name)
    {
        foreach (Node request in (ListNode)JsonReader.Read(await File.ReadAllBytesAsync(Path.Combine(folder, name + ".json")))["requests"]!)
        {
            await SendAsync(request);
        }
    }

    /// <param name="mayBeGone">The command looks whether what it deleted is still there; how long it stays is nobody's promise.</param>
    private async Task RequestAsync(string step, Node request, bool mayBeGone)
    {
        int wanted = (int)request["status"]!.AsInteger()!.Value;
        (int status, string text) = (0, string.Empty);

        // kubectl asks again until what it waits for has happened; the recordings leave the repetitions out.
        for (int attempt = 0; attempt < (request["method"]!.AsString() == "GET" && wanted != 304 ? 30 : 1) && status != wanted; attempt++)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(attempt == 0 ? 0 : 100));
            (status, text) = await SendAsync(request);
            wanted = mayBeGone && wanted == 200 && status == 404 ? 404 : wanted;
        }

        // A controller wrote in between: kubectl reads and patches again, five times at most.
        for (int attempt = 0; attempt < 5 && status == 409 && wanted == 200 && lastRead is not null; attempt++)
        {
            await SendAsync(lastRead);
            (status, text) = await SendAsync(request);
        }

        report.Total++;
        report.Compared.Add(step);
        if (status == wanted)
        {
            report.Matched++;
            return;
        }

        report.Differing.Add(step);
        report.Mismatches.Add(string.Create(CultureInfo.InvariantCulture, $"{step} {request["method"]!.AsString()} {request["path"]!.AsString()}\n    status: recorded {wanted} real {status} {text[..Math.Min(text.Length, 400)]}"));
    }

    private async Task<(int Status, string Text)> SendAsync(Node request)
    {
        string path = await FillAsync(request["path"]!.AsString()!);
        using HttpRequestMessage message = new(new HttpMethod(request["method"]!.AsString()!), host.Server.ToString().TrimEnd('/') + path) { Version = HttpVersion.Version20 };
        byte[]? body = request["bodyProtobuf"]?.AsString() is { } bytes ? Convert.FromBase64String(bytes)
            : request["bodyText"]?.AsString() is { } plain ? Encoding.UTF8.GetBytes(plain)
            : request["body"] is { } node ? Encoding.UTF8.GetBytes(await FillAsync(JsonWriter.ToText(node))) : null;
        message.Content = body is null ? null : new ByteArrayContent(body);
        foreach ((string key, Node value) in (MapNode)request["headers"]!)
        {
            _ = key == "Content-Type" ? message.Content?.Headers.TryAddWithoutValidation(key, value.AsString()!) : message.Headers.TryAddWithoutValidation(key, value.AsString()!);
        }

        if (request["status"]!.AsInteger() == 304 && tags.TryGetValue(path, out string? tag))
        {
            message.Headers.TryAddWithoutValidation("If-None-Match", tag);
        }

        bool watches = path.Contains("watch=true", StringComparison.Ordinal) || path.Contains("follow=true", StringComparison.Ordinal);
        using HttpResponseMessage response = await client.SendAsync(message, watches ? HttpCompletionOption.ResponseHeadersRead : HttpCompletionOption.ResponseContentRead);
        if (response.Headers.ETag is { } known)
        {
            tags[path] = known.ToString();
        }

        string text = watches ? string.Empty : await response.Content.ReadAsStringAsync();
        if (response.IsSuccessStatusCode && text.StartsWith('{'))
        {
            last = JsonReader.Read(text);
            lastRead = request["method"]!.AsString() == "GET" ? request : lastRead;
        }

        return ((int)response.StatusCode, text);
    }

    private async Task<string> FillAsync(string text)
    {
        foreach (Match match in PodName().Matches(text))
        {
            text = text.Replace(match.Value, await PodAsync(match.Groups[1].Value, match.Value), StringComparison.Ordinal);
        }

        // The hash only tells caches apart.
        return text.Replace("hash=<sha512>&", string.Empty, StringComparison.Ordinal)
            .Replace("<random-timeout>", "400", StringComparison.Ordinal)
            .Replace("<time>", "2026-01-01T00:00:00Z", StringComparison.Ordinal)
            .Replace("<continue>", last?.At("metadata", "continue")?.AsString() ?? string.Empty, StringComparison.Ordinal)
            .Replace("<rv>", last?.At("metadata", "resourceVersion")?.AsString() ?? string.Empty, StringComparison.Ordinal)
            .Replace("<uid-1>", last?.At("metadata", "uid")?.AsString() ?? string.Empty, StringComparison.Ordinal);
    }

    /// <summary>A pod of the Deployment that the recorded name speaks of, the same one each time.</summary>
    private async Task<string> PodAsync(string deployment, string recorded)
    {
        for (int attempt = 0; attempt < 100 && !pods.ContainsKey(recorded); attempt++)
        {
            if (!await IsRolledOutAsync(deployment))
            {
                await Task.Delay(TimeSpan.FromMilliseconds(100));
                continue;
            }

            Node list = JsonReader.Read(await client.GetByteArrayAsync(new Uri("/api/v1/namespaces/kubectl/pods", UriKind.Relative)));
            string? free = list["items"]!.AsList()!.Where(pod => pod.At("metadata", "deletionTimestamp") is null && pod.At("status", "phase")?.AsString() == "Running")
                .Select(pod => pod.At("metadata", "name")!.AsString()!)
                .FirstOrDefault(name => name.StartsWith(deployment + "-", StringComparison.Ordinal) && !pods.ContainsValue(name));
            if (free is not null)
            {
                pods[recorded] = free;
            }
            else
            {
                await Task.Delay(TimeSpan.FromMilliseconds(100));
            }
        }

        return pods.GetValueOrDefault(recorded, recorded);
    }

    private async Task<bool> IsRolledOutAsync(string deployment)
    {
        using HttpResponseMessage response = await client.GetAsync(new Uri("/apis/apps/v1/namespaces/kubectl/deployments/" + deployment, UriKind.Relative));
        if (response.StatusCode == HttpStatusCode.NotFound)
        {
            return true;
        }

        Node node = JsonReader.Read(await response.Content.ReadAsByteArrayAsync());
        long wanted = node.At("spec", "replicas")?.AsInteger() ?? 1;
        return node.At("metadata", "generation")?.AsInteger() == node.At("status", "observedGeneration")?.AsInteger()
            && node.At("status", "replicas")?.AsInteger() == wanted
            && node.At("status", "updatedReplicas")?.AsInteger() == wanted;
    }

    [GeneratedRegex("([a-z]+)-[0-9a-f]{8,10}-<rand-[0-9]+>")]
    private static partial Regex PodName();
}
