namespace Bowline.Cli.Tests.EndToEnd;

/// <summary>Applications that wait for others, and for objects, until those are ready.</summary>
public sealed class DependencyTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task Applications_wait_for_those_that_they_depend_on_and_a_circle_is_named()
    {
        using Scratch scratch = new();
        Declare(scratch, "a-last", "b-first");
        Declare(scratch, "b-first", "");
        Declare(scratch, "left", "right");
        Declare(scratch, "right", "left");
        (UpJson report, string errors) = await DeliverAsync(scratch);
        Assert.Equal("Synced Healthy", report.State("a-last"));
        Assert.Equal("Synced Healthy", report.State("b-first"));
        Assert.Contains("left -> right -> left", report.Message("left"));
        int last = errors.IndexOf("a-last: Synced", StringComparison.Ordinal);
        Assert.True(last > errors.IndexOf("b-first: Synced", StringComparison.Ordinal), errors);
    }

    [Fact]
    public async Task Objects_of_other_applications_are_waited_for_and_circles_through_them_are_named()
    {
        using Scratch scratch = new();
        Declare(scratch, "a-last", "ConfigMap/b-first/b-first", "self.data.value == 'x'");
        Declare(scratch, "b-first", "");
        Declare(scratch, "left", "ConfigMap/right/right");
        Declare(scratch, "right", "left");
        Declare(scratch, "odd", "ConfigMap/b-first/b-first", "self.data.value == 'another'");
        Declare(scratch, "lonely", "example.com/Thing/nobody");
        Declare(scratch, "broken", "b-first", "self.(");
        Declare(scratch, "named", "apps/web");
        Declare(scratch, "ungrouped", "Deployment/b-first/web");
        (UpJson report, string errors) = await DeliverAsync(scratch);
        Assert.Equal("Synced Healthy", report.State("a-last"));
        Assert.True(errors.IndexOf("a-last: Synced", StringComparison.Ordinal) > errors.IndexOf("b-first: applying", StringComparison.Ordinal), errors);
        Assert.Contains("left -> right -> left", report.Message("left"));
        Assert.Contains("waits: ConfigMap b-first/b-first: self.data.value == 'another' does not hold", report.Message("odd"));
        Assert.Contains("there is no example.com/Thing nobody, nor does the cluster serve its kind", report.Message("lonely"));
        Assert.Contains("apps/broken.yaml:1: Application broken has a bowline.dev/ready-when that cannot be used", report.Message("broken"));
        Assert.Contains("depends on apps/web, which is neither", report.Message("named"));
        Assert.Contains("without a group there is no kind Deployment: write apps/Deployment/b-first/web", report.Message("ungrouped"));
    }

    [Fact]
    public async Task What_is_ready_is_said_in_CEL_over_the_application_and_the_wait_ends_when_it_holds()
    {
        using Scratch scratch = new();
        Declare(scratch, "web", "db", "status.health.status == 'Progressing'");
        Declare(scratch, "db", "");
        scratch.Write("db/claim.yaml", "apiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: {name: data}\nspec: {accessModes: [ReadWriteOnce], storageClassName: none, volumeName: nobody, resources: {requests: {storage: 1Gi}}}\n");
        Declare(scratch, "late", "Secret/late/key");
        await using Bowline up = Bowline.Start(scratch.Home, "up", scratch.Repository);
        await up.WaitForOutputAsync("web: Synced, Healthy", Patience);
        await up.WaitForOutputAsync("there is no Secret late/key", Patience);
        Kubectl kubectl = new(Directory.EnumerateFiles(scratch.Home, "kubeconfig", SearchOption.AllDirectories).Single());
        await kubectl.TryAsync("create", "namespace", "late");
        await kubectl.RunAsync("-n", "late", "create", "secret", "generic", "key", "--from-literal", "a=b");
        await up.WaitForOutputAsync("late: Synced, Healthy", Patience);
    }

    private static async Task<(UpJson Report, string Errors)> DeliverAsync(Scratch scratch)
    {
        (int exit, string output, string errors) = await Bowline.RunAsync(scratch.Home, "up", scratch.Repository, "--once", "-o", "json", "--timeout", "30s");
        Assert.True(exit == 1, output + errors);
        return (new UpJson(output), errors);
    }

    private static void Declare(Scratch scratch, string name, string dependsOn, string readyWhen = "")
    {
        scratch.WriteApplication(name, name).WriteConfigMap($"{name}/a.yaml", name);
        string file = Path.Combine(scratch.Repository, "apps", $"{name}.yaml");
        string annotations = dependsOn.Length == 0 ? string.Empty : $"  annotations:\n    bowline.dev/depends-on: {dependsOn}\n{(readyWhen.Length > 0 ? $"    bowline.dev/ready-when: \"{readyWhen}\"\n" : string.Empty)}";
        File.WriteAllText(file, File.ReadAllText(file).Replace($"  name: {name}\n", $"  name: {name}\n{annotations}", StringComparison.Ordinal));
    }
}
