using Bowline.Resources.Json;
using Bowline.Resources.Model;

namespace Bowline.Cli.Tests;

/// <summary>The JSON document of <c>up --output json</c>.</summary>
internal sealed class UpJson(string text)
{
    private readonly Node root = JsonReader.Read(text);

    public IReadOnlyList<Node> Applications => [.. root["applications"]!.AsList()!];

    public IReadOnlyList<Node> Assumed => [.. root["assumed"]!.AsList()!];

    public string Kubeconfig => root["kubeconfig"]!.AsString()!;

    public Node Application(string name) => Applications.Single(application => application["name"]!.AsString() == name);

    public string State(string name) => $"{Application(name)["sync"]} {Application(name)["health"]}";

    public string Message(string name) => Application(name)["message"]!.AsString()!;

    public IReadOnlyList<string> Assumptions(string kind) =>
        [.. Assumed.Where(assumption => assumption["kind"]!.AsString() == kind).Select(assumption => $"{assumption["cluster"]}: {assumption["subject"]}: {assumption["reason"]}: {JsonWriter.ToText(assumption["keys"]!)} {JsonWriter.ToText(assumption["neededBy"]!)}")];
}
