using Bowline.Resources.Json;
using Bowline.Resources.Model;
using Bowline.Resources.Patching;
using Bowline.Resources.Yaml;

namespace Bowline.EmbeddedCluster.Tests.ApiServer;

/// <summary>Which writes are refused, and with which causes: one recorded answer for each rule of each kind.</summary>
public sealed class RefusedWriteTests : AdminTests
{
    [Fact]
    public Task Creates_are_refused_with_the_causes_kube_apiserver_gives() => CreatesAsync("refused-creates.yaml", atLeast: 500);

    [Fact]
    public Task Definitions_are_refused_with_the_causes_apiextensions_apiserver_gives() => CreatesAsync("refused-definitions.yaml", atLeast: 120);

    [Fact]
    public async Task Updates_are_refused_with_the_causes_kube_apiserver_gives()
    {
        List<string> different = [];
        int seen = 0;
        foreach (Node group in Recorded("refused-updates.yaml"))
        {
            string path = group["path"]!.AsString()!;
            await Admin.MadeAsync(path, JsonWriter.ToText(group["object"]!));
            string own = $"{path}/{group["object"]!.At("metadata", "name")!.AsString()}";
            foreach (Node answer in group["answers"]!.AsList()!)
            {
                Compare(answer, await Admin.SendAsync(HttpMethod.Patch, $"{own}?dryRun=All", JsonWriter.ToText(answer["patch"]!), "application/json-patch+json"), different);
                seen++;
            }

            await Admin.DeleteAsync(own);
        }

        Assert.True(different.Count == 0, string.Join('\n', different));
        Assert.True(seen > 40, $"only {seen} answers were compared");
    }

    [Fact]
    public async Task Custom_resources_are_refused_or_stored_as_by_apiextensions_apiserver()
    {
        List<string> different = [];
        int seen = 0;
        foreach (Node group in Recorded("custom-resources.yaml"))
        {
            await Admin.MadeAsync("/apis/apiextensions.k8s.io/v1/customresourcedefinitions", JsonWriter.ToText(group["definition"]!));
            foreach (Node answer in group["answers"]!.AsList()!)
            {
                Node body = JsonPatch.Apply(group["object"]!.DeepClone(), answer["patch"]!.AsList()!);
                RestAnswer given = await Admin.PostAsync($"{group["path"]!.AsString()}?dryRun=All", JsonWriter.ToText(body));
                if (answer["spec"] is null)
                {
                    Compare(answer, given, different);
                }
                else if (given.Code != 201 || !answer["spec"]!.DeepEquals(given.Body["spec"]!))
                {
                    different.Add($"{JsonWriter.ToText(answer["patch"]!)}\n expected {JsonWriter.ToText(answer["spec"]!)}\n actual   {given.Code} {JsonWriter.ToText(given.Body)}");
                }

                seen++;
            }
        }

        Assert.True(different.Count == 0, string.Join('\n', different));
        Assert.True(seen > 130, $"only {seen} answers were compared");
    }

    private async Task CreatesAsync(string file, int atLeast)
    {
        List<string> different = [];
        int seen = 0;
        foreach (Node group in Recorded(file))
        {
            foreach (Node answer in group["answers"]!.AsList()!)
            {
                Node body = JsonPatch.Apply(group["object"]!.DeepClone(), answer["patch"]!.AsList()!);
                Compare(answer, await Admin.PostAsync($"{group["path"]!.AsString()}?dryRun=All", JsonWriter.ToText(body)), different);
                seen++;
            }
        }

        Assert.True(different.Count == 0, string.Join('\n', different));
        Assert.True(seen > atLeast, $"only {seen} answers were compared");
    }

    /// <summary>Causes are a set: what both the registry and the rules of a kind find is listed twice.</summary>
    private static void Compare(Node recorded, RestAnswer answer, List<string> different)
    {
        string expected = string.Join('\n', recorded["causes"]!.AsList()!.Select(cause => cause.AsString()).Order(StringComparer.Ordinal));
        string actual = Causes(answer);
        if (actual != expected)
        {
            different.Add($"{JsonWriter.ToText(recorded["patch"]!)}\n expected {expected}\n actual   {actual}");
        }
    }

    private static string Causes(RestAnswer answer) => answer.Code == 422
        ? string.Join('\n', (answer.Body.At("details", "causes")?.AsList() ?? []).Select(one => $"{one["reason"]?.AsString()} {one["field"]?.AsString()}: {one["message"]?.AsString()}").Distinct().Order(StringComparer.Ordinal))
        : $"{answer.Code} {answer.Message}";

    private static ListNode Recorded(string file)
    {
        using Stream stream = typeof(RefusedWriteTests).Assembly.GetManifestResourceStream(file)!;
        using StreamReader reader = new(stream);
        return YamlReader.Read(reader.ReadToEnd()).AsList()!;
    }
}
