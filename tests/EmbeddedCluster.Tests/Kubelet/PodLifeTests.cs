using Bowline.EmbeddedCluster.Controllers;
using Bowline.EmbeddedCluster.Kubelet;
using Bowline.Resources.Json;
using Bowline.Resources.Model;
using Bowline.Resources.Yaml;

namespace Bowline.Tests.Kubelet;

public sealed class PodLifeTests
{
    [Fact]
    public void A_pod_is_created_runs_and_is_ready_when_its_probes_say_so()
    {
        SimulatedPod pod = new("""
            spec:
              restartPolicy: Always
              containers:
              - {name: c, image: nginx, startupProbe: {initialDelaySeconds: 3, periodSeconds: 2, successThreshold: 1}, readinessProbe: {initialDelaySeconds: 5, periodSeconds: 4, successThreshold: 2}}
            """);
        pod.Run();
        Assert.Equal("ContainerCreating", pod.History[0].Status["containerStatuses"]!.AsList()![0].At("state", "waiting", "reason")?.AsString());
        Assert.False(pod.History[0].Status.ContainsKey("podIP"));
        // A second until the sandbox is there, one for the image, then the probes: the second success of two, four seconds apart, from the fifth on.
        double running = pod.History.First(entry => entry.Status.Text("phase") == "Running").At;
        Assert.Equal(2, running);
        Assert.Equal(running + 5 + 4, pod.FirstTrue("Ready"));
        Assert.Equal(["Pulling", "Pulled", "Created", "Started"], pod.Events.Select(happened => happened.Reason));
        Assert.Equal("Successfully pulled image \"nginx\" in 1s (1s including waiting). Image size: " + ImageName.Size("nginx") + " bytes.", pod.Events[1].Message);
        Assert.Equal("docker.io/library/nginx:latest", pod.Container().Text("image"));
    }

    [Fact]
    public void Without_delays_a_pod_is_ready_with_one_write()
    {
        SimulatedPod pod = new("spec: {restartPolicy: Always, containers: [{name: c, image: nginx, readinessProbe: {initialDelaySeconds: 30}}]}", immediate: true);
        pod.Run(0);
        Assert.Single(pod.History);
        Assert.True(pod.Pod.Status().ConditionIs("Ready", "True"));
    }

    [Fact]
    public void Init_containers_run_one_after_the_other_and_a_sidecar_stays()
    {
        SimulatedPod pod = new("""
            metadata: {annotations: {bowline.dev/run-for.one: 5s, bowline.dev/run-for.two: 7s}}
            spec:
              restartPolicy: Always
              initContainers:
              - {name: one, image: a}
              - {name: side, image: b, restartPolicy: Always}
              - {name: two, image: c}
              containers: [{name: c, image: d}]
            """);
        pod.Run();
        double InitTime(int index, string state) => pod.History.First(entry => entry.Status["initContainerStatuses"]!.AsList()![index].At("state", state) is not null).At;
        Assert.Equal("containers with incomplete status: [one side two]", pod.History[0].Status.Condition("Initialized").Text("message"));
        Assert.Equal("PodInitializing", pod.History[1].Status["containerStatuses"]!.AsList()![0].At("state", "waiting", "reason")?.AsString());
        Assert.Equal(InitTime(0, "running") + 5, InitTime(0, "terminated"));
        Assert.True(InitTime(1, "running") >= InitTime(0, "terminated"));
        Assert.Equal(InitTime(2, "running") + 7, InitTime(2, "terminated"));
        Assert.True(pod.FirstTrue("Ready") > InitTime(2, "terminated"));
        Assert.NotNull(pod.Pod.Status()["initContainerStatuses"]!.AsList()![1].At("state", "running"));
    }

    [Fact]
    public void A_crashing_container_is_restarted_with_a_back_off_that_grows_to_five_minutes()
    {
        SimulatedPod pod = new("""
            metadata: {annotations: {bowline.dev/fail: CrashLoopBackOff}}
            spec: {restartPolicy: Always, containers: [{name: c, image: nginx}]}
            """);
        pod.Run(2 * 3600);
        double[] starts = [.. pod.Events.Where(happened => happened.Reason == "Started").Select(happened => happened.At)];
        Assert.Equal([1, 11, 21, 41, 81, 161, 301, 301], starts.Zip(starts.Skip(1), (left, right) => right - left).Take(8).Select(gap => gap == 1 ? 1 : Math.Round(gap)).ToArray()[0..8]);
        Assert.Equal(starts.Length - 1, pod.Container().Int("restartCount"));
        Assert.Equal("CrashLoopBackOff", pod.Container().At("state", "waiting", "reason")?.AsString());
        Assert.Equal("back-off 5m0s restarting failed container=c pod=p_n(u)", pod.Container().At("state", "waiting", "message")?.AsString());
        Assert.Equal(1, pod.Container().At("lastState", "terminated", "exitCode")?.AsInteger());
        Assert.Equal("Running", pod.Phase);
        Assert.Contains(pod.Events, happened => happened is { Reason: "BackOff", Message: "Back-off restarting failed container c in pod p_n(u)" });
    }

    [Fact]
    public void A_container_out_of_memory_ends_with_137_and_says_so()
    {
        SimulatedPod pod = new("""
            metadata: {annotations: {bowline.dev/fail: OOMKilled}}
            spec: {restartPolicy: Always, containers: [{name: c, image: nginx}]}
            """, immediate: true);
        pod.Run(0);
        Assert.Equal(137, pod.Container().At("lastState", "terminated", "exitCode")?.AsInteger());
        Assert.Equal("OOMKilled", pod.Container().At("lastState", "terminated", "reason")?.AsString());
    }

    [Fact]
    public void Only_the_container_that_the_annotation_names_fails()
    {
        SimulatedPod pod = new("""
            metadata: {annotations: {bowline.dev/fail.bad: CrashLoopBackOff}}
            spec: {restartPolicy: Always, containers: [{name: good, image: nginx}, {name: bad, image: nginx}]}
            """);
        pod.Run(30);
        Assert.True(pod.Container(0).Flag("ready"));
        Assert.False(pod.Container(1).Flag("ready"));
        Assert.Equal("containers with unready status: [bad]", pod.Pod.Status().Condition("Ready").Text("message"));
    }

    [Theory]
    [InlineData("Never", "0", "Succeeded")]
    [InlineData("OnFailure", "0", "Succeeded")]
    [InlineData("Never", "3", "Failed")]
    public void A_pod_of_a_job_ends_as_its_container_does(string policy, string exitCode, string phase)
    {
        SimulatedPod pod = new($"""
            metadata: {"{"}annotations: {"{"}bowline.dev/run-for: 20s, bowline.dev/exit-code: '{exitCode}'{"}"}{"}"}
            spec: {"{"}restartPolicy: {policy}, containers: [{"{"}name: c, image: nginx{"}"}]{"}"}
            """);
        pod.Run();
        Assert.Equal(phase, pod.Phase);
        Assert.Equal(22, pod.History[^1].At);
        Assert.Equal(phase == "Succeeded" ? "PodCompleted" : "PodFailed", pod.Pod.Status().Condition("Ready").Text("reason"));
        Assert.Equal(phase == "Succeeded" ? "Completed" : "Error", pod.Container().At("state", "terminated", "reason")?.AsString());
    }

    [Fact]
    public void A_failing_job_with_OnFailure_is_restarted()
    {
        SimulatedPod pod = new("""
            metadata: {annotations: {bowline.dev/exit-code: '1'}}
            spec: {restartPolicy: OnFailure, containers: [{name: c, image: nginx}]}
            """);
        pod.Run(120);
        Assert.Equal("Running", pod.Phase);
        Assert.True(pod.Container().Int("restartCount") >= 3);
    }

    [Fact]
    public void A_sidecar_ends_when_the_job_has_and_does_not_keep_it_from_succeeding()
    {
        SimulatedPod pod = new("spec: {restartPolicy: Never, initContainers: [{name: s, image: a, restartPolicy: Always}], containers: [{name: c, image: b}]}");
        pod.Run();
        Assert.Equal("Succeeded", pod.Phase);
        Assert.NotNull(pod.Pod.Status()["initContainerStatuses"]!.AsList()![0].At("state", "terminated"));
    }

    [Fact]
    public void Containers_of_a_pod_are_pulled_and_started_one_after_the_other()
    {
        SimulatedPod pod = new("{spec: {restartPolicy: Always, containers: [{name: a, image: a}, {name: b, image: b}, {name: c, image: a}]}}");
        pod.Run(10);
        Assert.Equal(
            [(1, "Pulling"), (2, "Pulled"), (2, "Created"), (2, "Started"), (2, "Pulling"), (3, "Pulled"), (3, "Created"), (3, "Started"), (3, "Pulled"), (3, "Created"), (3, "Started")],
            pod.Events.Select(happened => ((int)happened.At, happened.Reason)));
        Assert.Equal("Running", pod.Phase);
    }

    [Fact]
    public void A_node_pulls_one_image_at_a_time_and_each_once()
    {
        NodeImages images = new();
        DateTimeOffset now = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
        TimeSpan second = TimeSpan.FromSeconds(1);
        PullAttempt[] pulls = [images.Pull("a", second, now), images.Pull("b", 2 * second, now), images.Pull("a", second, now)];
        Assert.Equal([1, 3, 1], pulls.Select(pull => (pull.Until - now).TotalSeconds));
        Assert.Equal([1, 2, 0], pulls.Select(pull => pull.Took.TotalSeconds));
        Assert.False(images.Has("b", now + second));
        Assert.True(images.Has("b", now + (3 * second)));
        Assert.Equal(now + (11 * second), images.Pull("c", second, now + (10 * second)).Until);

        // The clock is put back by an hour: nothing waits for it to come again.
        DateTimeOffset back = now + (10 * second) - TimeSpan.FromHours(1);
        Assert.True(images.Has("b", back));
        Assert.Equal(2 * second, images.Pull("d", second, back).Until - back);
    }

    [Fact]
    public void An_image_that_cannot_be_pulled_is_tried_again_less_and_less_often()
    {
        SimulatedPod pod = new("""
            metadata: {annotations: {bowline.dev/fail: ImagePullBackOff}}
            spec: {restartPolicy: Always, containers: [{name: c, image: 'example.com/x:1'}]}
            """);
        pod.Run(1000);
        Assert.Equal("Pending", pod.Phase);
        Assert.Equal(["ErrImagePull", "ImagePullBackOff", "ErrImagePull"], pod.History.Skip(1).Take(3).Select(entry => entry.Status["containerStatuses"]!.AsList()![0].At("state", "waiting", "reason")?.AsString()));
        double[] pulls = [.. pod.Events.Where(happened => happened.Reason == "Pulling").Select(happened => happened.At)];
        Assert.Equal([10, 20, 40, 80, 160, 300], pulls.Zip(pulls.Skip(1), (left, right) => right - left).Take(6));
    }

    [Fact]
    public void A_slow_start_delays_readiness_and_is_killed_when_the_startup_probe_has_no_patience()
    {
        SimulatedPod patient = new("""
            metadata: {annotations: {bowline.dev/start-delay: 25s}}
            spec: {restartPolicy: Always, containers: [{name: c, image: a, readinessProbe: {periodSeconds: 10}}]}
            """);
        patient.Run(120);
        Assert.Equal(2 + 30, patient.FirstTrue("Ready"));
        SimulatedPod hasty = new("""
            metadata: {annotations: {bowline.dev/start-delay: 25s}}
            spec: {restartPolicy: Always, containers: [{name: c, image: a, startupProbe: {periodSeconds: 5, failureThreshold: 3, httpGet: {port: 80}}}]}
            """);
        hasty.Run(60);
        Assert.True(hasty.Container().Int("restartCount") > 0);
        Assert.Contains(hasty.Events, happened => happened is { Reason: "Killing", Message: "Container c failed startup probe, will be restarted" });
    }

    [Fact]
    public void A_failing_liveness_probe_kills_the_container()
    {
        SimulatedPod pod = new("""
            metadata: {annotations: {bowline.dev/fail: Unhealthy}}
            spec: {restartPolicy: Always, containers: [{name: c, image: a, livenessProbe: {initialDelaySeconds: 10, periodSeconds: 5, failureThreshold: 3, httpGet: {port: 80}}}]}
            """);
        pod.Run(30);
        Assert.Equal(137, pod.Container().At("lastState", "terminated", "exitCode")?.AsInteger());
        Assert.Contains(pod.Events, happened => happened is { At: 22, Reason: "Unhealthy", Message: "Liveness probe failed: HTTP probe failed with statuscode: 500" });
    }

    [Fact]
    public void A_missing_ConfigMap_is_complained_about_until_it_is_there()
    {
        SimulatedPod pod = new("spec: {restartPolicy: Always, containers: [{name: c, image: a}]}")
        {
            Problems = new PodProblems(new Dictionary<string, string> { ["c"] = "configmap \"x\" not found" }, null),
        };
        pod.Run();
        Assert.Equal("CreateContainerConfigError", pod.Container().At("state", "waiting", "reason")?.AsString());
        Assert.Contains(pod.Events, happened => happened is { Reason: "Failed", Message: "Error: configmap \"x\" not found" });
        pod.Problems = PodProblems.None;
        pod.Run();
        Assert.True(pod.Pod.Status().ConditionIs("Ready", "True"));
        Assert.Equal(0, pod.Container().Int("restartCount"));
    }

    [Fact]
    public void A_pod_past_its_deadline_fails()
    {
        SimulatedPod pod = new("spec: {restartPolicy: Always, activeDeadlineSeconds: 40, containers: [{name: c, image: a}]}");
        pod.Run();
        Assert.Equal("Failed", pod.Phase);
        Assert.Equal("DeadlineExceeded", pod.Pod.Status().Text("reason"));
        Assert.Equal(40, pod.History[^1].At);
    }

    [Fact]
    public void Stopping_takes_the_time_of_the_hook_but_no_longer_than_the_grace_period()
    {
        SimulatedPod pod = new("spec: {restartPolicy: Always, containers: [{name: c, image: a, lifecycle: {preStop: {sleep: {seconds: 12}}}}]}");
        pod.Run(20);
        pod.Delete(30);
        pod.Run(100);
        Assert.True(pod.IsGone);
        Assert.Contains(pod.Events, happened => happened is { Reason: "Killing", Message: "Stopping container c", At: 20 });
        SimulatedPod stubborn = new("""
            metadata: {annotations: {bowline.dev/stop-time: 10m}}
            spec: {restartPolicy: Always, containers: [{name: c, image: a}]}
            """);
        stubborn.Run(20);
        stubborn.Delete(30);
        stubborn.Run(29);
        Assert.False(stubborn.IsGone);
        stubborn.Run(1);
        Assert.True(stubborn.IsGone);
    }

    [Fact]
    public void A_sidecar_that_crashes_holds_up_nobody_who_has_started()
    {
        SimulatedPod pod = new("""
            metadata: {annotations: {bowline.dev/fail.proxy: Error}}
            spec:
              restartPolicy: Always
              initContainers: [{name: proxy, image: a, restartPolicy: Always}]
              containers: [{name: c, image: a, readinessProbe: {tcpSocket: {port: 1}, initialDelaySeconds: 30}}]
            """);
        pod.Run(60);
        Assert.True(pod.Container().Flag("ready"));
        Assert.Equal(0, pod.Container().Int("restartCount"));
        Assert.False(pod.Pod.Status().ConditionIs("Ready", "True"));
    }

    [Fact]
    public void A_pod_that_fails_while_a_container_waits_for_its_restart_shows_how_that_ended()
    {
        SimulatedPod pod = new("""
            metadata: {annotations: {bowline.dev/exit-code: '3', bowline.dev/run-for: 2s}}
            spec: {restartPolicy: OnFailure, activeDeadlineSeconds: 25, containers: [{name: c, image: a}]}
            """);
        pod.Run(60);
        Assert.Equal("DeadlineExceeded", pod.Pod.Status().Text("reason"));
        Assert.Equal(3, pod.Container().At("state", "terminated", "exitCode")?.AsInteger());
    }

    [Fact]
    public void What_kubectl_debug_adds_starts_although_others_do_not()
    {
        SimulatedPod pod = new("""
            metadata: {annotations: {bowline.dev/fail.i: ImagePullBackOff}}
            spec:
              restartPolicy: Never
              initContainers: [{name: i, image: a}]
              containers: [{name: c, image: a}]
              ephemeralContainers: [{name: debug, image: busybox}]
            """);
        pod.Run(90);
        MapNode debug = Assert.Single(pod.Pod.Status()["ephemeralContainerStatuses"].Maps());
        Assert.NotNull(debug.At("state", "running", "startedAt"));
        Assert.False(debug.Flag("ready"));
        Assert.Equal("Pending", pod.Phase);
        Assert.Equal(["Pulling image \"a\"", "Pulling image \"busybox\""], pod.Events.Where(happened => happened.Reason == "Pulling").Select(happened => happened.Message).Distinct().Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Sidecars_are_stopped_too_and_end_after_the_others()
    {
        SimulatedPod pod = new("""
            spec:
              restartPolicy: Always
              initContainers:
              - {name: plain, image: a}
              - {name: proxy, image: a, restartPolicy: Always, lifecycle: {preStop: {sleep: {seconds: 3}}}}
              - {name: agent, image: a, restartPolicy: Always, lifecycle: {preStop: {sleep: {seconds: 4}}}}
              containers: [{name: c, image: a, lifecycle: {preStop: {sleep: {seconds: 5}}}}]
            """);
        pod.Run(20);
        pod.Delete(30);
        pod.Run(11);
        Assert.False(pod.IsGone);
        Assert.Equal(["Stopping container agent", "Stopping container c", "Stopping container proxy"], pod.Events.Where(happened => happened.Reason == "Killing").Select(happened => happened.Message).Distinct().Order(StringComparer.Ordinal));
        pod.Run(1);
        Assert.True(pod.IsGone);
    }

    [Theory]
    [InlineData("[sleep, '15']", 15)]
    [InlineData("[/bin/sleep, 1.5m]", 90)]
    [InlineData("[sh, -c, 'sleep 5; nginx -s quit && sleep 2']", 7)]
    [InlineData("[bash, -c, 'echo asleep 5 > /tmp/sleep']", 0)]
    [InlineData("[nginx, -s, quit]", 0)]
    public void The_sleep_of_a_hook_is_waited_for_whoever_it_is_written_for(string command, int seconds) =>
        Assert.Equal(TimeSpan.FromSeconds(seconds), StopTimes.PreStop(YamlReader.Read($"{{exec: {{command: {command}}}}}")));

    [Fact]
    public void A_declared_behaviour_holds_for_the_pods_that_it_selects()
    {
        const string Stages = """
            apiVersion: bowline.dev/v1alpha1
            kind: Behaviour
            metadata: {name: slow-images}
            spec: {selector: {matchLabels: {app: big}}, pullTime: 90s}
            """;
        SimulatedPod big = new("{metadata: {labels: {app: big}}, spec: {restartPolicy: Always, containers: [{name: c, image: a}]}}", Stages);
        big.Run(300);
        Assert.Equal(91, big.FirstTrue("Ready"));
        SimulatedPod other = new("spec: {restartPolicy: Always, containers: [{name: c, image: a}]}", Stages);
        other.Run(300);
        Assert.Equal(2, other.FirstTrue("Ready"));
    }

    [Fact]
    public void An_annotation_that_is_no_duration_is_passed_over()
    {
        SimulatedPod pod = new("{metadata: {annotations: {bowline.dev/pull-time: soon, bowline.dev/start-delay: '-3s', bowline.dev/exit-code: x}}, spec: {restartPolicy: Always, containers: [{name: c, image: a}]}}");
        pod.Run();
        Assert.True(pod.Pod.Status().ConditionIs("Ready", "True"));
    }

    [Fact]
    public void Conditions_keep_their_time_while_they_stay_and_those_of_others_are_kept()
    {
        SimulatedPod pod = new("{spec: {restartPolicy: Always, readinessGates: [{conditionType: x/y}], containers: [{name: c, image: a}]}, status: {conditions: [{type: x/y, status: 'False'}]}}");
        pod.Run();
        Assert.Equal("the status of pod readiness gate \"x/y\" is not \"True\", but False", pod.Pod.Status().Condition("Ready").Text("message"));
        Assert.True(pod.Pod.Status().ConditionIs("ContainersReady", "True"), JsonWriter.ToText(pod.Pod.Status()));
        Assert.Equal("2026-01-01T00:00:00Z", pod.Pod.Status().Condition("PodScheduled").Text("lastTransitionTime"));
        Assert.NotNull(pod.Pod.Status().Condition("x/y"));
    }
}
