using Bowline.EmbeddedCluster.Hosting;
using Bowline.Resources.Json;
using Bowline.Resources.Model;
using Bowline.Resources.Patching;
using Bowline.Resources.Yaml;

namespace Bowline.EmbeddedCluster.Tests.ApiServer;

/// <summary>Which creates are refused, and with which causes: one answer of <c>refused-creates.yaml</c> for each rule of each kind.</summary>
public sealed class RefusedCreateTests : IAsyncLifetime
{
    private EmbeddedClusterHost host = null!;
    private Rest admin = null!;

    public async Task InitializeAsync()
    {
        host = await EmbeddedClusterHost.StartAsync(new EmbeddedClusterOptions(), default);
        admin = Rest.Admin(host);
        await admin.MadeAsync("/api/v1/namespaces/default/serviceaccounts", "{metadata: {name: default}}");
    }

    public async Task DisposeAsync()
    {
        admin.Dispose();
        await host.DisposeAsync();
    }

    [Fact]
    public async Task Creates_are_refused_with_the_causes_kube_apiserver_gives()
    {
        int seen = 0;
        List<string> different = [];
        foreach (Node group in Recorded())
        {
            string path = group["path"]!.AsString()! + "?dryRun=All";
            foreach (Node answer in group["answers"]!.AsList()!)
            {
                Node body = JsonPatch.Apply(group["object"]!.DeepClone(), answer["patch"]!.AsList()!);
                string expected = string.Join('\n', answer["causes"]!.AsList()!.Select(cause => cause.AsString()).Order(StringComparer.Ordinal));
                string actual = Causes(await admin.PostAsync(path, JsonWriter.ToText(body)));
                seen++;
                if (actual != expected)
                {
                    different.Add($"{path} {JsonWriter.ToText(answer["patch"]!)}\n expected {expected}\n actual   {actual}");
                }
            }
        }

        Assert.True(different.Count == 0, string.Join('\n', different));
        Assert.True(seen > 500, $"only {seen} answers were compared");
    }

    private static string Causes(RestAnswer answer) => answer.Code == 422
        ? string.Join('\n', (answer.Body.At("details", "causes")?.AsList() ?? []).Select(one => $"{one["reason"]?.AsString()} {one["field"]?.AsString()}: {one["message"]?.AsString()}").Order(StringComparer.Ordinal))
        : $"{answer.Code} {answer.Message}";

    private static ListNode Recorded()
    {
        using Stream stream = typeof(RefusedCreateTests).Assembly.GetManifestResourceStream("refused-creates.yaml")!;
        using StreamReader reader = new(stream);
        return YamlReader.Read(reader.ReadToEnd()).AsList()!;
    }
}
