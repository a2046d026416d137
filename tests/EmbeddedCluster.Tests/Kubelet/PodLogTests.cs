using System.Net;
using Bowline.EmbeddedCluster.Controllers;
using Bowline.EmbeddedCluster.Hosting;
using Bowline.EmbeddedCluster.Kubelet;
using Bowline.EmbeddedCluster.Tests;
using Bowline.Resources.Json;
using Bowline.Resources.Model;
using Bowline.Tests.Controllers;

namespace Bowline.Tests.Kubelet;

/// <summary>pods/log and the metrics API over HTTP.</summary>
public sealed class PodLogTests : IAsyncLifetime
{
    private RunningCluster cluster = null!;
    private HttpClient client = null!;

    public async Task InitializeAsync()
    {
        cluster = await RunningCluster.StartAsync(new ControllerManagerOptions { Nodes = SimulatedNodeOptions.Default with { Count = 1 } });
        client = HostClients.Admin(cluster.Host);
        await cluster.CreateAsync("""
            apiVersion: v1
            kind: Pod
            metadata: {name: two, annotations: {bowline.dev/logs.a: "one\ntwo\nthree\n", bowline.dev/cpu.a: 300m, bowline.dev/memory.a: 100Mi}}
            spec: {initContainers: [{name: i, image: x}], containers: [{name: a, image: x}, {name: b, image: x, resources: {requests: {cpu: 100m, memory: 64Mi}}}]}
            ---
            apiVersion: v1
            kind: Pod
            metadata: {name: stuck, annotations: {bowline.dev/fail: ImagePullBackOff}}
            spec: {containers: [{name: a, image: x}]}
            """);
        await cluster.WaitAsync("v1", "Pod", "two", pod => pod.Status().ConditionIs("Ready", "True"));
        await cluster.WaitAsync("v1", "Pod", "stuck", pod => JsonWriter.ToText(pod).Contains("\"ImagePullBackOff\"", StringComparison.Ordinal));
    }

    public async Task DisposeAsync()
    {
        client.Dispose();
        await cluster.DisposeAsync();
    }

    [Theory]
    [InlineData("two", "container=a", "one\ntwo\nthree\n")]
    [InlineData("two", "container=a&tailLines=1", "three\n")]
    [InlineData("two", "container=a&tailLines=0", "")]
    [InlineData("two", "container=a&limitBytes=5", "one\nt")]
    [InlineData("two", "container=i", "container i of pod default/two started\nThis node is simulated by Bowline: nothing runs here. The annotation bowline.dev/logs gives lines of your own.\nended with exit code 0 (Completed)\n")]
    public async Task A_log_is_what_was_declared_or_says_what_happened(string pod, string query, string expected) =>
        Assert.Equal(expected, await client.GetStringAsync($"/api/v1/namespaces/default/pods/{pod}/log?{query}"));

    [Theory]
    [InlineData("two", "", 400, "a container name must be specified for pod two, choose one of: [a b] or one of the init containers: [i]")]
    [InlineData("two", "container=z", 400, "container z is not valid for pod two")]
    [InlineData("two", "container=a&previous=true", 400, "previous terminated container \"a\" in pod \"two\" not found")]
    [InlineData("stuck", "", 400, "container \"a\" in pod \"stuck\" is waiting to start: trying and failing to pull image")]
    [InlineData("two", "container=a&tailLines=-1", 422, "PodLogOptions \"two\" is invalid: tailLines: Invalid value: -1: must be greater than or equal to 0")]
    [InlineData("two", "container=a&sinceSeconds=0", 422, "PodLogOptions \"two\" is invalid: sinceSeconds: Invalid value: 0: must be greater than 0")]
    [InlineData("none", "", 404, "pods \"none\" not found")]
    public async Task What_cannot_be_answered_is_refused_in_the_words_of_the_kubelet(string pod, string query, int code, string message)
    {
        HttpResponseMessage answer = await client.GetAsync($"/api/v1/namespaces/default/pods/{pod}/log?{query}");
        Assert.Equal((HttpStatusCode)code, answer.StatusCode);
        Assert.Equal(message, JsonReader.Read(await answer.Content.ReadAsStringAsync())["message"]?.AsString());
    }

    [Fact]
    public async Task Timestamps_are_those_of_the_container_and_since_cuts_what_is_older()
    {
        string lines = await client.GetStringAsync("/api/v1/namespaces/default/pods/two/log?container=a&timestamps=true");
        Assert.Matches("^20\\d\\d-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{9}Z one\\n", lines);
        string later = DateTimeOffset.UtcNow.AddHours(1).ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", System.Globalization.CultureInfo.InvariantCulture);
        Assert.Equal(string.Empty, await client.GetStringAsync($"/api/v1/namespaces/default/pods/two/log?container=a&sinceTime={later}"));
    }

    [Fact]
    public async Task A_followed_log_ends_when_the_pod_goes()
    {
        using CancellationTokenSource patience = new(TimeSpan.FromSeconds(30));
        Task<string> follow = client.GetStringAsync("/api/v1/namespaces/default/pods/two/log?container=a&follow=true", patience.Token);
        await Task.Delay(TimeSpan.FromMilliseconds(500), TimeProvider.System);
        Assert.False(follow.IsCompleted);
        await cluster.DeleteAsync("v1", "Pod", "two");
        Assert.StartsWith("one\ntwo\nthree\n", await follow, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Metrics_are_those_that_were_declared_or_half_of_the_requests()
    {
        Node pod = JsonReader.Read(await client.GetStringAsync("/apis/metrics.k8s.io/v1beta1/namespaces/default/pods/two"));
        Assert.Equal("PodMetrics", pod["kind"]?.AsString());
        Assert.Equal(["a 300m 102400Ki", "b 50m 32768Ki"], pod["containers"].Maps().Select(container => $"{container.Text("name")} {container["usage"]?["cpu"]?.AsString()} {container["usage"]?["memory"]?.AsString()}"));
        Node nodes = JsonReader.Read(await client.GetStringAsync("/apis/metrics.k8s.io/v1beta1/nodes"));
        Assert.Equal("400m", nodes["items"].Maps().Single()["usage"]?["cpu"]?.AsString());
        Assert.Contains("metrics.k8s.io", await client.GetStringAsync("/apis"), StringComparison.Ordinal);
        HttpResponseMessage none = await client.GetAsync("/apis/metrics.k8s.io/v1beta1/namespaces/default/pods/stuck");
        Assert.Equal(HttpStatusCode.NotFound, none.StatusCode);
    }
}
