using Bowline.Tests;

namespace Bowline.Cli.Tests.EndToEnd;

/// <summary><c>bowline health</c>.</summary>
public sealed class HealthTests
{
    [Fact]
    public async Task One_line_is_printed_for_each_file()
    {
        using Scratch scratch = new();
        string Write(string name, string text)
        {
            string path = Path.Combine(scratch.Home, name);
            Directory.CreateDirectory(scratch.Home);
            File.WriteAllText(path, text);
            return path;
        }

        string good = Write("good.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n");
        string two = Write("two.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n---\napiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: {name: p, namespace: shop}\nstatus: {phase: Lost}\n");
        string list = Write("list.json", """{"apiVersion":"v1","kind":"List","items":[{"apiVersion":"batch/v1","kind":"CronJob","metadata":{"name":"c"},"spec":{"suspend":true}}]}""");
        string broken = Write("broken.yaml", "a: [\n");
        (int exit, string output, string errors) = await Bowline.RunAsync(scratch.Home, "health", good, two, list, broken);
        string[] lines = output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal((1, 4), (exit, lines.Length));
        Assert.Equal($$"""{"file":"{{good}}","status":"Healthy","message":""}""", lines[0]);
        Assert.Equal($$"""{"file":"{{two}}","status":"Degraded","message":"PersistentVolumeClaim shop/p: The claim lost its volume"}""", lines[1]);
        Assert.Equal($$"""{"file":"{{list}}","status":"Suspended","message":"CronJob is suspended"}""", lines[2]);
        Assert.StartsWith($$"""{"file":"{{broken}}","status":"Unknown","message":""", lines[3], StringComparison.Ordinal);
        Assert.Equal(string.Empty, errors.Trim());
        Assert.Equal(0, (await Bowline.RunAsync(scratch.Home, "health", good)).Exit);
    }

    [Fact]
    public async Task The_lua_of_an_argocd_cm_is_asked_first()
    {
        using Scratch scratch = new();
        Directory.CreateDirectory(scratch.Home);
        string map = Path.Combine(scratch.Home, "cm.yaml");
        string live = Path.Combine(scratch.Home, "live.yaml");
        File.WriteAllText(map, "kind: ConfigMap\ndata:\n  resource.customizations.health.example.com_Thing: |\n    return {status = 'Degraded', message = 'lua: ' .. obj.metadata.name}\n");
        File.WriteAllText(live, "apiVersion: example.com/v1\nkind: Thing\nmetadata: {name: x}\n");
        (_, string output, _) = await Bowline.RunAsync(scratch.Home, "health", "--argocd-cm", map, live);
        Assert.Equal($$"""{"file":"{{live}}","status":"Degraded","message":"lua: x"}""", output.Trim());
    }
}
