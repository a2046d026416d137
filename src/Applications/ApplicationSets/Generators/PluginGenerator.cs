using System.Globalization;
using System.Text.Json;
using Bowline.Resources.Json;
using Bowline.Resources.Model;
using Bowline.Sources.Downloads;
using Bowline.Sources.Files;

namespace Bowline.Applications.ApplicationSets.Generators;

/// <summary><c>plugin</c>: whatever a service of one's own answers, whose address and token a ConfigMap names.</summary>
internal sealed class PluginGenerator : IGenerator
{
    private const long LargestAnswer = 16 * 1024 * 1024;
    private static readonly TimeSpan Interval = TimeSpan.FromMinutes(30);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    public TimeSpan? RequeueAfter(MapNode generator) => Requeue.Of(generator, Interval);

    public async Task<IReadOnlyList<MapNode>> GenerateAsync(MapNode generator, GeneratorRun run, CancellationToken cancellationToken)
    {
        MapNode data = await SecretValue.ConfigMapAsync(Parameters.Text(generator.At("configMapRef", "name")), run.Sources.Objects, cancellationToken).ConfigureAwait(false);
        MapNode input = generator.At("input", "parameters") as MapNode ?? new MapNode();
        Node answer = await AskAsync(data, new MapNode { ["applicationSetName"] = run.Set, ["input"] = new MapNode { ["parameters"] = input } }, run, cancellationToken).ConfigureAwait(false);
        List<MapNode> found = [];
        foreach (Node item in answer.At("output", "parameters") as ListNode ?? throw new GeneratorException("the plugin's answer holds no output.parameters"))
        {
            MapNode map = item as MapNode ?? throw new GeneratorException("the plugin's output.parameters holds something that is no object");
            MapNode nested = Parameters.AsJson(map);
            nested.Set("generator", new MapNode { ["input"] = new MapNode { ["parameters"] = Parameters.AsJson(input) } });
            MapNode parameters = run.Language.IsStructured ? nested : Parameters.Flatten(nested);
            Parameters.AddValues(parameters, generator["values"], run, cancellationToken);
            found.Add(parameters);
            GeneratorRun.CheckCount(found.Count);
        }

        return found;
    }

    private static async Task<Node> AskAsync(MapNode data, MapNode question, GeneratorRun run, CancellationToken cancellationToken)
    {
        string token = await TokenAsync(Parameters.Text(data["token"]), run.Sources.Objects, cancellationToken).ConfigureAwait(false);
        TimeSpan patience = int.TryParse(Parameters.Text(data["requestTimeout"]), NumberStyles.None, CultureInfo.InvariantCulture, out int seconds) && seconds > 0 ? TimeSpan.FromSeconds(seconds) : Patience;
        using CancellationTokenSource deadline = new(patience, run.Sources.Time);
        using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, cancellationToken);
        try
        {
            Uri address = WebAddress.Parse(Parameters.Text(data["baseUrl"]).TrimEnd('/') + "/api/v1/getparams.execute");
            DownloadRequest request = new(address, LargestAnswer) { Accept = ["application/json"], Authorization = new DownloadAuthorization($"Bearer {token}", address), Body = JsonWriter.ToBytes(question) };
            Download answer = await run.Sources.Web.GetAsync(request, either.Token).ConfigureAwait(false);
            return answer.IsSuccess ? JsonReader.Read(answer.Content) : throw new GeneratorException($"{WebAddress.Redact(address)}: the plugin answers {(int)answer.Status}");
        }
        catch (SourceException unreachable)
        {
            throw new GeneratorException(unreachable.Message, unreachable);
        }
        catch (Exception broken) when (broken is JsonException or FormatException)
        {
            throw new GeneratorException("the plugin's answer is no JSON", broken);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new GeneratorException($"the plugin does not answer within {patience.TotalSeconds:0} s");
        }
    }

    /// <param name="reference"><c>$secret:key</c>, or <c>$key</c> of argocd-secret.</param>
    private static async Task<string> TokenAsync(string reference, IObjectSource objects, CancellationToken cancellationToken)
    {
        if (!reference.StartsWith('$'))
        {
            throw new GeneratorException("the plugin's ConfigMap holds no token that refers to a Secret ($secret:key)");
        }

        string[] parts = reference[1..].Split(':', 2);
        (string name, string key) = parts.Length == 2 ? (parts[0], parts[1]) : ("argocd-secret", parts[0]);
        return await SecretValue.ReadAsync(new MapNode { ["secretName"] = name, ["key"] = key }, objects, cancellationToken).ConfigureAwait(false);
    }
}
