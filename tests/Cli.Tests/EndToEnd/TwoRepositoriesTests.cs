namespace Bowline.Cli.Tests.EndToEnd;

/// <summary>Several repositories that are delivered to one cluster.</summary>
public sealed class TwoRepositoriesTests
{
    [Fact]
    public async Task They_leave_each_others_applications_alone_also_those_of_the_same_name()
    {
        using Scratch one = new();
        using Scratch two = new();
        string kubeconfig = Path.Combine(one.Root, "kubeconfig");
        one.WriteApplication("mine", "mine").WriteConfigMap("mine/a.yaml", "a").WriteApplication("same", "same").WriteConfigMap("same/a.yaml", "of-one");
        two.WriteApplication("theirs", "theirs").WriteConfigMap("theirs/a.yaml", "a").WriteApplication("same", "same").WriteConfigMap("same/a.yaml", "of-two");
        await using Bowline cluster = Bowline.Start(one.Home, "cluster", "start", "--port", "0", "--write-kubeconfig", kubeconfig);
        await cluster.WaitForOutputAsync("Ctrl-C ends it", TimeSpan.FromSeconds(60));
        Kubectl kubectl = new(kubeconfig);
        Task<(int Exit, string Output, string Errors)> DeliverAsync(Scratch scratch) => Bowline.RunAsync(scratch.Home, "up", scratch.Repository, "--once", "--kubeconfig", kubeconfig);

        (int exit, string output, string errors) = await DeliverAsync(one);
        Assert.True(exit == 0, output + errors);
        (exit, output, errors) = await DeliverAsync(two);
        Assert.DoesNotContain("is gone", output + errors);
        Assert.Equal(0, (await kubectl.TryAsync("-n", "mine", "get", "cm", "a")).Exit);
        Assert.Equal(0, (await kubectl.TryAsync("-n", "same", "get", "cm", "of-one", "of-two")).Exit);

        File.Delete(Path.Combine(two.Repository, "apps", "theirs.yaml"));
        (_, output, errors) = await DeliverAsync(two);
        Assert.Contains("application theirs is gone: 1 of its objects pruned", output + errors);
        Assert.Equal(0, (await kubectl.TryAsync("-n", "mine", "get", "cm", "a")).Exit);
    }
}
