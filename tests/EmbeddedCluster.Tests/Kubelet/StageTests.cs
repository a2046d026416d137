using Bowline.EmbeddedCluster.Controllers;
using Bowline.EmbeddedCluster.Kubelet;
using Bowline.Resources.Model;
using Bowline.Resources.Yaml;

namespace Bowline.Tests.Kubelet;

public sealed class StageTests
{
    private static readonly DateTimeOffset Now = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private const string PodReady = """
        apiVersion: kwok.x-k8s.io/v1alpha1
        kind: Stage
        metadata: {name: pod-ready}
        spec:
          resourceRef: {apiGroup: v1, kind: Pod}
          selector:
            matchExpressions:
            - {key: .metadata.deletionTimestamp, operator: DoesNotExist}
            - {key: .status.podIP, operator: DoesNotExist}
          weight: 1
          delay: {durationMilliseconds: 1000, jitterDurationMilliseconds: 5000}
          next:
            event: {type: Normal, reason: Started, message: from a stage}
            statusTemplate: |
              {{ $now := Now }}
              conditions:
              - lastTransitionTime: {{ $now | Quote }}
                status: "True"
                type: Ready
              containerStatuses:
              {{ range .spec.containers }}
              - image: {{ .image | Quote }}
                name: {{ .name | Quote }}
                ready: true
                restartCount: 0
                state: {running: {startedAt: {{ $now | Quote }}}}
              {{ end }}
              hostIP: {{ NodeIPWith .spec.nodeName | Quote }}
              podIP: {{ PodIPWith .spec.nodeName ( or .spec.hostNetwork false ) ( or .metadata.uid "" ) ( or .metadata.name "" ) ( or .metadata.namespace "" ) | Quote }}
              phase: Running
              startTime: {{ $now | Quote }}
        """;

    [Theory]
    [InlineData(".status.phase", "Running")]
    [InlineData(".metadata.annotations[\"a/b\"]", "yes")]
    [InlineData(".metadata.annotations.\"a/b\"", "yes")]
    [InlineData(".metadata.ownerReferences.[].kind", "Job,Set")]
    [InlineData(".metadata.ownerReferences[1].kind", "Set")]
    [InlineData(".status.conditions.[] | select( .type == \"Ready\" ) | .status", "False")]
    [InlineData(".status.missing.deeper", "")]
    [InlineData(".spec.count", "3")]
    public void An_expression_finds_what_jq_finds(string expression, string found)
    {
        MapNode node = (MapNode)YamlReader.Read("""
            metadata: {annotations: {a/b: 'yes'}, ownerReferences: [{kind: Job}, {kind: Set}]}
            spec: {count: 3}
            status: {phase: Running, conditions: [{type: Initialized, status: 'True'}, {type: Ready, status: 'False'}]}
            """);
        Assert.Equal(found, string.Join(',', StageExpression.Parse(expression).Evaluate(node).Select(StageExpression.TextOf)));
    }

    [Theory]
    [InlineData("status")]
    [InlineData(".a[")]
    [InlineData(".a[x]")]
    [InlineData(".a | map(.b)")]
    [InlineData("")]
    public void An_expression_that_is_none_is_refused(string expression) => Assert.Throws<StageException>(() => StageExpression.Parse(expression));

    [Fact]
    public void A_stage_of_KWOK_is_played_with_its_delay_and_template()
    {
        StagePlayer player = new(StageFile.Parse(PodReady).Stages, new Random(1));
        MapNode pod = Pod("status: {phase: Pending, conditions: [{type: PodScheduled, status: 'True'}]}");
        ChosenStage chosen = player.Choose("Pod", pod, Now)!.Value;
        Assert.InRange(chosen.Wait.TotalSeconds, 1, 5);
        Assert.Equal(chosen.Wait, player.Choose("Pod", pod, Now)!.Value.Wait);
        Assert.Equal(TimeSpan.Zero, player.Choose("Pod", pod, Now + chosen.Wait)!.Value.Wait);
        MapNode status = player.StatusAfter(chosen.Stage, pod, StageFunctions.For(Now, Now, "172.18.0.2", "v1.36.2", () => "10.0.0.9"), TimeProvider.System);
        Assert.Equal("Running", status.Text("phase"));
        Assert.Equal("10.0.0.9", status.Text("podIP"));
        Assert.Equal(["PodScheduled", "Ready"], status["conditions"].Maps().Select(condition => condition.Text("type")));
        Assert.Equal("c", status["containerStatuses"].Maps().Single().Text("name"));
        Assert.Null(player.Choose("Pod", Pod("status: {podIP: 10.0.0.9}"), Now));
    }

    [Fact]
    public void Stages_are_drawn_by_weight()
    {
        StageFile file = StageFile.Parse(string.Join("\n---\n", Weighted("often", 90), Weighted("seldom", 10)));
        int often = 0;
        StagePlayer player = new(file.Stages, new Random(7));
        for (int i = 0; i < 1000; i++)
        {
            often += player.Choose("Pod", Pod("status: {}", $"v{i}"), Now)!.Value.Stage.Name == "often" ? 1 : 0;
        }

        Assert.InRange(often, 850, 950);
    }

    [Theory]
    [InlineData("30s", 30)]
    [InlineData("1m30s", 90)]
    [InlineData("2026-01-01T00:05:00Z", 300)]
    [InlineData("2025-01-01T00:00:00Z", 0)]
    [InlineData("nonsense", 0)]
    public void A_delay_may_come_from_the_object(string value, int seconds)
    {
        StageFile file = StageFile.Parse("""
            kind: Stage
            metadata: {name: s}
            spec:
              resourceRef: {kind: Pod}
              selector: {}
              delay: {durationFrom: {expressionFrom: '.metadata.annotations["wait"]'}}
              next: {delete: true}
            """);
        MapNode pod = Pod("status: {}");
        pod.EnsureMap("metadata")["annotations"] = new MapNode { ["wait"] = value };
        Assert.Equal(seconds, new StagePlayer(file.Stages, new Random(1)).Choose("Pod", pod, Now)!.Value.Wait.TotalSeconds);
    }

    [Theory]
    [InlineData("kind: Deployment\nmetadata: {name: x}", "Deployment x: expected a document of kind Stage or Behaviour")]
    [InlineData("kind: Stage\nmetadata: {name: x}\nspec: {resourceRef: {kind: Secret}}", "Stage x: spec.resourceRef.kind \"Secret\": expected Pod or Node")]
    [InlineData("kind: Stage\nmetadata: {name: x}\nspec: {resourceRef: {kind: Pod}}", "Stage x: spec.selector and spec.next are required")]
    [InlineData("kind: Behaviour\nmetadata: {name: x}\nspec: {pullTime: soon}", "Behaviour x: pullTime: \"soon\" is not a duration such as 1m30s")]
    [InlineData("kind: Behaviour\nmetadata: {name: x}\nspec: {exitCode: 400}", "Behaviour x: exitCode: expected 0 to 255")]
    public void What_cannot_be_used_is_refused_with_its_name(string yaml, string message) =>
        Assert.Equal(message, Assert.Throws<StageException>(() => StageFile.Parse(yaml)).Message);

    [Fact]
    public void A_file_that_is_too_large_or_has_too_many_documents_is_refused()
    {
        Assert.Throws<StageException>(() => StageFile.Parse(new string('#', StageFile.LargestText + 1)));
        Assert.Throws<StageException>(() => StageFile.Parse(string.Join("\n---\n", Enumerable.Range(0, 600).Select(i => Weighted($"s{i}", 1)))));
        Assert.Throws<StageException>(() => StageFile.Parse("a: [unclosed"));
    }

    [Theory]
    [InlineData("{{ range untilStep 0 2000000000 1 }}x{{ end }}")]
    [InlineData("{{ define \"a\" }}{{ template \"a\" }}{{ end }}{{ template \"a\" }}")]
    [InlineData("{{ repeat 2000000000 \"x\" }}")]
    [InlineData("{{ fail \"no\" }}")]
    [InlineData("just text")]
    public void A_template_that_never_ends_or_makes_no_map_ends_in_an_error(string template)
    {
        string yaml = $"kind: Stage\nmetadata: {{name: x}}\nspec:\n  resourceRef: {{kind: Pod}}\n  selector: {{}}\n  next:\n    statusTemplate: |\n      {template}\n";
        Stage stage = StageFile.Parse(yaml).Stages.Single();
        StagePlayer player = new([stage], new Random(1));
        Assert.Throws<StageException>(() => player.StatusAfter(stage, Pod("status: {}"), StageFunctions.For(Now, Now, string.Empty, string.Empty, () => string.Empty), TimeProvider.System));
    }

    private static string Weighted(string name, int weight) => $"kind: Stage\nmetadata: {{name: {name}}}\nspec: {{resourceRef: {{kind: Pod}}, selector: {{}}, weight: {weight}, next: {{delete: true}}}}";

    private static MapNode Pod(string status, string version = "1")
    {
        MapNode pod = (MapNode)YamlReader.Read(status);
        pod["metadata"] = new MapNode { ["name"] = "p", ["namespace"] = "n", ["uid"] = "u", ["resourceVersion"] = version };
        pod["spec"] = new MapNode { ["nodeName"] = "node", ["containers"] = new ListNode(new MapNode { ["name"] = "c", ["image"] = "nginx" }) };
        return pod;
    }
}
