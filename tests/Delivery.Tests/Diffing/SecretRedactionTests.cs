using Bowline.Delivery.Diffing;
using Bowline.Resources.Json;
using Bowline.Resources.Model;

namespace Bowline.Delivery.Tests.Diffing;

public sealed class SecretRedactionTests
{
    private static readonly ResourceId Id = new(string.Empty, "Secret", "ns", "s");

    [Fact]
    public void Values_are_hidden_and_one_still_sees_which_keys_differ()
    {
        MapNode before = Secret("""{"same":"aGVsbG8=","changed":"b25l","gone":"eA=="}""");
        MapNode after = Secret("""{"same":"aGVsbG8=","changed":"dHdv","new":"eQ=="}""");
        (MapNode? left, MapNode? right) = SecretRedaction.Redact(Id, before, after, []);
        Assert.Equal("""{"same":"***","changed":"*** (before)","gone":"*** (before)"}""", JsonWriter.ToText(left!["data"]!));
        Assert.Equal("""{"same":"***","changed":"*** (after)","new":"*** (after)"}""", JsonWriter.ToText(right!["data"]!));
        Assert.Equal("b25l", before.At("data", "changed")!.AsString());
    }

    [Fact]
    public void The_copy_that_kubectl_keeps_in_an_annotation_goes_too()
    {
        MapNode live = Secret("""{"a":"eA=="}""");
        live.EnsureMap("metadata").EnsureMap("annotations")["kubectl.kubernetes.io/last-applied-configuration"] = """{"data":{"a":"eA=="}}""";
        (MapNode? left, _) = SecretRedaction.Redact(Id, live, null, []);
        Assert.DoesNotContain("eA==", JsonWriter.ToText(left!));
    }

    [Fact]
    public void Other_kinds_are_shown_as_they_are()
    {
        MapNode settings = Secret("""{"a":"b"}""");
        Assert.Same(settings, SecretRedaction.Redact(Id with { Kind = "ConfigMap" }, settings, null, []).Before);
    }

    private static MapNode Secret(string data) => new() { ["apiVersion"] = "v1", ["kind"] = "Secret", ["data"] = JsonReader.Read(data) };

    [Fact]
    public void Annotations_that_an_installation_masks_are_told_apart_without_their_values()
    {
        MapNode Annotated(string key) => new() { ["metadata"] = new MapNode { ["annotations"] = new MapNode { ["api-key"] = key, ["other"] = "shown" } } };
        (MapNode? left, MapNode? right) = SecretRedaction.Redact(Id, Annotated("one"), Annotated("two"), ["api-key", "absent"]);
        Assert.Equal(("*** (before)", "*** (after)", "shown"), (left!.At("metadata", "annotations", "api-key")!.AsString(), right!.At("metadata", "annotations", "api-key")!.AsString(), left.At("metadata", "annotations", "other")!.AsString()));
        Assert.Null(left.At("metadata", "annotations", "absent"));
    }
}
