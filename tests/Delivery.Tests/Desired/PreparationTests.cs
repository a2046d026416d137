using Bowline.Cluster.Requests;
using Bowline.Delivery.Desired;
using Bowline.Resources.Json;
using Bowline.Resources.Model;

namespace Bowline.Delivery.Tests.Desired;

public sealed class PreparationTests
{
    [Fact]
    public void Namespaced_objects_get_the_applications_namespace_and_others_lose_theirs()
    {
        IReadOnlyList<DesiredObject> objects = Prepare(
            """{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a"}}""",
            """{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a","namespace":"other"}}""",
            """{"apiVersion":"v1","kind":"Namespace","metadata":{"name":"n","namespace":"wrong"}}""");
        Assert.Equal(["home", "other", ""], objects.Select(item => item.Id.Namespace));
        Assert.Null(objects[2].Body.At("metadata", "namespace"));
    }

    [Fact]
    public void Every_object_says_whose_it_is_in_argo_cds_words()
    {
        DesiredObject item = Assert.Single(Prepare("""{"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"web"}}"""));
        Assert.Equal("app:apps/Deployment:home/web", item.Annotation("argocd.argoproj.io/tracking-id"));
        Assert.Equal("app", Tracking.Owner(item.Id, item.Body));
        Assert.Null(Tracking.Owner(item.Id with { Name = "copied" }, item.Body));
    }

    [Fact]
    public void What_the_server_would_move_is_moved_beforehand()
    {
        DesiredObject secret = Assert.Single(Prepare("""{"apiVersion":"v1","kind":"Secret","metadata":{"name":"s","creationTimestamp":null},"data":{"a":"eA=="},"stringData":{"b":"hello"}}"""));
        Assert.Equal("""{"a":"eA==","b":"aGVsbG8="}""", JsonWriter.ToText(secret.Body["data"]!));
        Assert.Null(secret.Body["stringData"]);
        Assert.Null(secret.Body.At("metadata", "creationTimestamp"));
    }

    [Fact]
    public void The_last_of_two_declarations_of_one_object_wins() =>
        Assert.Equal("2", Assert.Single(Prepare(
            """{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a"},"data":{"v":"1"}}""",
            """{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a"},"data":{"v":"2"}}""")).Body.At("data", "v")!.AsString());

    [Fact]
    public void A_namespace_is_made_on_request_unless_the_application_brings_it()
    {
        DesiredState state = new("app", "home", []) { CreateNamespace = true };
        DesiredObject made = Assert.Single(Preparation.Prepare(state, Kind, _ => true));
        Assert.True(made.Untracked);
        Resource own = new((MapNode)JsonReader.Read("""{"apiVersion":"v1","kind":"Namespace","metadata":{"name":"home"}}"""));
        Assert.False(Assert.Single(Preparation.Prepare(state with { Resources = [own] }, Kind, _ => true)).Untracked);
    }

    private static IReadOnlyList<DesiredObject> Prepare(params string[] objects) =>
        Preparation.Prepare(new DesiredState("app", "home", [.. objects.Select(text => new Resource((MapNode)JsonReader.Read(text)))]), Kind, _ => true);

    private static KindInfo? Kind(ResourceKind kind) => new(kind, kind.Kind.ToLowerInvariant() + "s", kind.Kind != "Namespace");
}
