using System.Reflection;
using Bowline.Applications.ArgoCd;
using Bowline.Applications.Hub;
using Bowline.Applications.Model;
using Bowline.Cluster.Requests;
using Bowline.Resources.Model;
using Bowline.Resources.Yaml;

namespace Bowline.Applications.Tests.Hub;

/// <summary>Applications that leave the repository, while the watch is late.</summary>
public sealed class WithdrawalTests
{
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task What_was_withdrawn_is_not_delivered_any_more_although_the_watch_has_yet_to_tell(bool prunes)
    {
        await using TestCluster cluster = await TestCluster.StartAsync();
        ICluster late = LateWatch.Over(cluster.Cluster, out LateWatch watch);
        await using ApplicationHub hub = await ApplicationHub.StartAsync(late, new ApplicationNamespaces("argocd", []), "repository", TimeProvider.System, CancellationToken.None);
        FoundManifest one = Application("one", prunes);
        FoundManifest two = Application("two", prunes);
        await hub.PublishAsync(new FoundApplications([], []) { Manifests = [one, two] }, CancellationToken.None);
        Assert.Equal(["one", "two"], hub.View().Applications.Select(spec => spec.Name));

        watch.Held = true;
        await hub.PublishAsync(new FoundApplications([], []) { Manifests = [one] }, CancellationToken.None);
        Assert.Equal(["one"], hub.View().Applications.Select(spec => spec.Name));
        Assert.False(await hub.IsCurrentAsync(CancellationToken.None));
        Assert.Equal(prunes ? "Background" : string.Empty, hub.PropagationOf("two"));

        watch.Held = false;
        using CancellationTokenSource limit = new(TimeSpan.FromSeconds(30));
        while (!await hub.IsCurrentAsync(limit.Token))
        {
            await Task.Delay(10, limit.Token);
        }

        Assert.Equal(prunes ? ["two"] : [], hub.View().Leaving.Select(leaving => leaving.Name));
    }

    private static FoundManifest Application(string name, bool prunes)
    {
        MapNode body = (MapNode)YamlReader.Read($$$"""
            apiVersion: argoproj.io/v1alpha1
            kind: Application
            metadata: {name: {{{name}}}, namespace: argocd}
            spec:
              project: default
              source: {repoURL: https://example.com/r.git, path: {{{name}}}}
              destination: {server: https://kubernetes.default.svc, namespace: {{{name}}}}
              syncPolicy: {automated: {prune: {{{(prunes ? "true" : "false")}}}}}
            """)!;
        return new FoundManifest(body, new Origin($"{name}.yaml", 1));
    }

    /// <summary>A cluster whose watches say nothing while they are held.</summary>
    private class LateWatch : DispatchProxy
    {
        private ICluster cluster = null!;

        public volatile bool Held;

        /// <summary>A watch of <paramref name="cluster"/> that is late when it is told to be.</summary>
        public static ICluster Over(ICluster cluster, out LateWatch watch)
        {
            ICluster proxy = Create<ICluster, LateWatch>();
            watch = (LateWatch)(object)proxy;
            watch.cluster = cluster;
            return proxy;
        }

        protected override object? Invoke(MethodInfo? targetMethod, object?[]? args)
        {
            object? answer = targetMethod!.Invoke(cluster, args);
            return answer is IAsyncEnumerable<WatchEvent> events ? HoldAsync(events) : answer;
        }

        private async IAsyncEnumerable<WatchEvent> HoldAsync(IAsyncEnumerable<WatchEvent> events)
        {
            await foreach (WatchEvent change in events)
            {
                while (Held)
                {
                    await Task.Delay(5);
                }

                yield return change;
            }
        }
    }
}
