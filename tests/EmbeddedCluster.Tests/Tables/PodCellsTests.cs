using Bowline.EmbeddedCluster.Tables;
using Bowline.Resources.Model;
using Bowline.Resources.Yaml;

namespace Bowline.EmbeddedCluster.Tests.Tables;

/// <summary>READY, STATUS and RESTARTS of a pod, as printPod of upstream's printers.go words them.</summary>
public sealed class PodCellsTests
{
    private const string Spec = "initContainers: [{name: init}, {name: side, restartPolicy: Always}], containers: [{name: a}, {name: b}]";
    private const string Done = "{name: init, restartCount: 3, lastState: {terminated: {exitCode: 1, finishedAt: '2026-01-01T00:00:00Z'}}, state: {terminated: {exitCode: 0, reason: Completed}}}";
    private const string Side = "{name: side, started: true, ready: true, restartCount: 2, lastState: {terminated: {exitCode: 1, finishedAt: '2026-01-01T00:09:00Z'}}, state: {running: {}}}";
    private const string Running = "ready: true, restartCount: 0, state: {running: {}}";

    [Theory]
    // A sidecar that is ready counts, and of the init containers' restarts only its own do.
    [InlineData("3/3", "Running", "2 (60s ago)", $"phase: Running, initContainerStatuses: [{Done}, {Side}], containerStatuses: [{{name: a, {Running}}}, {{name: b, {Running}}}]")]
    [InlineData("2/3", "Running", "2 (60s ago)", $"phase: Running, initContainerStatuses: [{Done}, {Side}], containerStatuses: [{{name: a, {Running}}}, {{name: b, ready: false, restartCount: 0, state: {{running: {{}}}}}}]")]
    // Until all are through, the restarts of all count, and of the ready only sidecars.
    [InlineData("0/3", "Init:0/2", "0", "phase: Pending, initContainerStatuses: [{name: init, restartCount: 0, state: {waiting: {reason: PodInitializing}}}]")]
    [InlineData("0/3", "Init:CrashLoopBackOff", "4", "phase: Pending, initContainerStatuses: [{name: init, restartCount: 4, state: {waiting: {reason: CrashLoopBackOff}}}]")]
    [InlineData("0/3", "Init:Error", "0", "phase: Pending, initContainerStatuses: [{name: init, restartCount: 0, state: {terminated: {exitCode: 1, reason: Error}}}]")]
    [InlineData("0/3", "Init:1/2", "3 (10m ago)", $"phase: Pending, initContainerStatuses: [{Done}, {{name: side, started: false, restartCount: 0, state: {{running: {{}}}}}}]")]
    // A sidecar that fails later shows, and the others are counted all the same.
    [InlineData("2/3", "Init:CrashLoopBackOff", "4 (60s ago)", "conditions: [{type: Initialized, status: 'True'}], phase: Running, initContainerStatuses: [" + Done + ", {name: side, started: false, restartCount: 4, lastState: {terminated: {finishedAt: '2026-01-01T00:09:00Z'}}, state: {waiting: {reason: CrashLoopBackOff}}}], containerStatuses: [{name: a, " + Running + "}, {name: b, " + Running + "}]")]
    [InlineData("1/3", "NotReady", "0", $"phase: Running, containerStatuses: [{{name: a, {Running}}}, {{name: b, restartCount: 0, state: {{terminated: {{exitCode: 0, reason: Completed}}}}}}]")]
    public void A_pod_is_summed_up(string ready, string reason, string restarts, string status)
    {
        MapNode pod = (MapNode)YamlReader.Read($"{{metadata: {{name: p}}, spec: {{{Spec}}}, status: {{{status}}}}}");
        ListNode cells = PodCells.Of(new Row(pod, new DateTimeOffset(2026, 1, 1, 0, 10, 0, TimeSpan.Zero)));
        Assert.Equal((ready, reason, restarts), (cells[1].AsString(), cells[2].AsString(), cells[3].AsString()));
    }
}
