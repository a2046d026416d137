using System.Text;
using Bowline.Rendering.Kustomize.Files;
using Bowline.Rendering.Kustomize.Objects;
using Bowline.Rendering.Requests;
using Bowline.Resources.Json;
using Bowline.Resources.Model;
using Bowline.Resources.Yaml;

namespace Bowline.Rendering.Kustomize.Transforming;

/// <summary>The text of a patch, which is either strategic merge patches or one JSON patch; never both, never neither.</summary>
internal sealed class PatchSource
{
    private PatchSource(IReadOnlyList<BuildObject> merges, ListNode? operations)
    {
        Merges = merges;
        Operations = operations;
    }

    public IReadOnlyList<BuildObject> Merges { get; }

    /// <summary>Null for strategic merge patches.</summary>
    public ListNode? Operations { get; }

    /// <exception cref="RenderException">Neither kind of patch.</exception>
    public static PatchSource Parse(byte[] content, string file, ParsedFiles parsed)
    {
        if (TryOperations(content, file) is { } operations)
        {
            return new PatchSource([], operations);
        }

        try
        {
            return new PatchSource(ObjectReader.Read(content, file, parsed, isPatch: true), null);
        }
        catch (RenderException error)
        {
            throw new RenderException($"unable to parse SM or JSON patch: {error.Reason}", error.File, error.Line, error.Column, error);
        }
    }

    /// <exception cref="RenderException">Not a list of operations.</exception>
    public static ListNode Operation(byte[] content, string file) =>
        TryOperations(content, file) ?? throw new RenderException("a JSON patch must be a list of operations", file);

    private static ListNode? TryOperations(byte[] content, string file)
    {
        try
        {
            if (content.AsSpan().StartsWith("["u8))
            {
                // What begins like JSON must be JSON.
                return JsonReader.Read(content) is ListNode json ? (ListNode)ThroughJson.Copy(json) : null;
            }

            return YamlReader.ReadAll(content, YamlReadOptions.Kubernetes with { FileName = file }) is [{ Root: ListNode operations }, ..] ? (ListNode)ThroughJson.Copy(operations) : null;
        }
        catch (Exception error) when (error is YamlException or System.Text.Json.JsonException)
        {
            return null;
        }
    }

    public static byte[] Trimmed(string text) => Encoding.UTF8.GetBytes(text.Trim());
}
