using System.Text;
using Bowline.EmbeddedCluster.Hosting;
using Bowline.Resources.Json;
using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.Tests.ApiServer;

/// <summary>OpenAPI and discovery as protobuf. Without v2 in that form kubectl before 1.27 applies nothing.</summary>
public sealed class OpenApiProtobufTests
{
    [Fact]
    public async Task The_document_is_served_as_protobuf()
    {
        await using EmbeddedClusterHost host = await EmbeddedClusterHost.StartAsync(new EmbeddedClusterOptions(), default);
        using HttpClient client = HostClients.Admin(host);
        using HttpRequestMessage request = new(HttpMethod.Get, "/openapi/v2");
        request.Headers.TryAddWithoutValidation("Accept", "application/com.github.proto-openapi.spec.v2@v1.0+protobuf");
        using HttpResponseMessage answer = await client.SendAsync(request);
        Assert.Equal("application/com.github.proto-openapi.spec.v2.v1.0+protobuf", answer.Content.Headers.NonValidated["Content-Type"].ToString());
        byte[] document = await answer.Content.ReadAsByteArrayAsync();

        // Field 1 of the document, a string of three letters.
        Assert.Equal([0x0A, 0x03, (byte)'2', (byte)'.', (byte)'0'], document[..5]);
        Dictionary<string, byte[]> definitions = Named(Field(document, 9));
        byte[] deployment = definitions["io.k8s.api.apps.v1.Deployment"];
        Assert.Equal("[{\"group\":\"apps\",\"kind\":\"Deployment\",\"version\":\"v1\"}]\n", Encoding.UTF8.GetString(Field(Field(Field(deployment, 31), 2), 2)));
        Assert.Equal("#/definitions/io.k8s.api.apps.v1.DeploymentSpec", Encoding.UTF8.GetString(Field(Named(Field(deployment, 25))["spec"], 1)));
        byte[] patch = Field(Named(Field(document, 8), 2)["/api/v1/namespaces/{namespace}/pods/{name}"], 8);
        Assert.Equal("patchCoreV1NamespacedPod", Encoding.UTF8.GetString(Field(patch, 5)));
    }

    [Fact]
    public async Task A_group_of_version_3_is_served_as_protobuf_under_the_hash_that_the_index_names()
    {
        await using EmbeddedClusterHost host = await EmbeddedClusterHost.StartAsync(new EmbeddedClusterOptions(), default);
        using HttpClient client = HostClients.Admin(host);
        Node index = JsonReader.Read(await client.GetByteArrayAsync(new Uri("/openapi/v3", UriKind.Relative)));
        string path = index.At("paths", "apis/apps/v1", "serverRelativeURL")!.AsString()!;
        using HttpResponseMessage answer = await GetAsync(client, path, "application/com.github.proto-openapi.spec.v3@v1.0+protobuf");
        Assert.Equal("application/com.github.proto-openapi.spec.v3.v1.0+protobuf", answer.Content.Headers.NonValidated["Content-Type"].ToString());
        Assert.Contains("immutable", answer.Headers.NonValidated["Cache-Control"].ToString(), StringComparison.Ordinal);
        byte[] document = await answer.Content.ReadAsByteArrayAsync();
        byte[] schemas = Field(Field(document, 5), 1);
        byte[] spec = Field(Named(schemas)["io.k8s.api.apps.v1.DeploymentSpec"], 1);

        // A member that refers to a schema, one of a type, and the list of those that are required.
        byte[] selector = Field(Named(Field(spec, 31))["selector"], 1);
        Assert.Equal("#/components/schemas/io.k8s.apimachinery.pkg.apis.meta.v1.LabelSelector", Encoding.UTF8.GetString(Field(Field(Field(selector, 26), 2), 1)));
        Assert.Equal("int32", Encoding.UTF8.GetString(Field(Field(Named(Field(spec, 31))["replicas"], 1), 35)));
        Assert.Equal(["selector", "template"], Fields(spec).Where(field => field.Number == 23).Select(field => Encoding.UTF8.GetString(field.Bytes)));

        using HttpResponseMessage moved = await GetAsync(client, "/openapi/v3/apis/apps/v1?hash=00", "application/json");
        Assert.Equal(path, moved.RequestMessage!.RequestUri!.PathAndQuery);
    }

    [Fact]
    public async Task Discovery_is_served_as_protobuf_group_by_group_and_all_at_once()
    {
        await using EmbeddedClusterHost host = await EmbeddedClusterHost.StartAsync(new EmbeddedClusterOptions(), default);
        using HttpClient client = HostClients.Admin(host);
        using HttpResponseMessage all = await GetAsync(client, "/apis", "application/vnd.kubernetes.protobuf;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList");
        byte[][] groups = [.. Fields(Raw(await all.Content.ReadAsByteArrayAsync())).Where(field => field.Number == 2).Select(field => field.Bytes)];
        byte[] apps = groups.Single(group => Encoding.UTF8.GetString(Field(Field(group, 1), 1)) == "apps");
        byte[] deployments = Fields(Field(apps, 2)).Where(field => field.Number == 2).Select(field => field.Bytes).Single(resource => Encoding.UTF8.GetString(Field(resource, 1)) == "deployments");
        Assert.Contains("scale", Fields(deployments).Where(field => field.Number == 8).Select(field => Encoding.UTF8.GetString(Field(field.Bytes, 1))));

        using HttpResponseMessage one = await GetAsync(client, "/apis/apps/v1", "application/vnd.kubernetes.protobuf");
        byte[][] resources = [.. Fields(Raw(await one.Content.ReadAsByteArrayAsync())).Where(field => field.Number == 2).Select(field => field.Bytes)];
        byte[] listed = resources.Single(resource => Encoding.UTF8.GetString(Field(resource, 1)) == "deployments");
        Assert.Contains("watch", Fields(Field(listed, 4)).Select(field => Encoding.UTF8.GetString(field.Bytes)));

        using HttpResponseMessage refused = await GetAsync(client, "/apis/apps/v1", "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList");
        Assert.Equal(System.Net.HttpStatusCode.NotAcceptable, refused.StatusCode);
    }

    [Fact]
    public async Task Version_2_tells_of_custom_kinds_with_their_schemas_and_paths()
    {
        await using EmbeddedClusterHost host = await EmbeddedClusterHost.StartAsync(new EmbeddedClusterOptions(), default);
        using HttpClient client = HostClients.Admin(host);
        using StringContent definition = new(Definition, Encoding.UTF8, "application/yaml");
        using HttpResponseMessage created = await client.PostAsync(new Uri("/apis/apiextensions.k8s.io/v1/customresourcedefinitions", UriKind.Relative), definition);
        Assert.True(created.IsSuccessStatusCode, await created.Content.ReadAsStringAsync());
        Node document = Node.Null;
        for (int attempt = 0; attempt < 100 && document.At("definitions", "com.example.v1.Widget") is null; attempt++)
        {
            await Task.Delay(20);
            document = JsonReader.Read(await client.GetByteArrayAsync(new Uri("/openapi/v2", UriKind.Relative)));
        }

        Node item = document["paths"]!["/apis/example.com/v1/namespaces/{namespace}/widgets/{name}"]!;
        Assert.Equal("readExampleComV1NamespacedWidget", item.At("get", "operationId")!.AsString());
        Assert.Equal("#/definitions/com.example.v1.Widget", item.At("get", "responses", "200", "schema", "$ref")!.AsString());
        Assert.Equal(["application/json-patch+json", "application/merge-patch+json", "application/apply-patch+yaml"], item.At("patch", "consumes")!.AsList()!.Select(type => type.AsString()));
        Assert.Equal("string", document.At("definitions", "com.example.v1.Widget", "properties", "colour", "type")!.AsString());
        Assert.Equal("Widget", document["definitions"]!["com.example.v1.Widget"]!["x-kubernetes-group-version-kind"]!.AsList()![0]["kind"]!.AsString());
    }

    private const string Definition = """
        apiVersion: apiextensions.k8s.io/v1
        kind: CustomResourceDefinition
        metadata: {name: widgets.example.com}
        spec:
          group: example.com
          scope: Namespaced
          names: {plural: widgets, singular: widget, kind: Widget, listKind: WidgetList}
          versions:
          - {name: v1, served: true, storage: true, schema: {openAPIV3Schema: {type: object, properties: {colour: {type: string}}}}}
        """;

    private static Task<HttpResponseMessage> GetAsync(HttpClient client, string path, string accept)
    {
        HttpRequestMessage request = new(HttpMethod.Get, path);
        request.Headers.TryAddWithoutValidation("Accept", accept);
        return client.SendAsync(request);
    }

    /// <summary>The message inside Kubernetes' envelope.</summary>
    private static byte[] Raw(byte[] body)
    {
        Assert.Equal("k8s\0"u8.ToArray(), body[..4]);
        return Field(body[4..], 2);
    }

    private static byte[] Field(byte[] message, int number) => Fields(message).First(field => field.Number == number).Bytes;

    /// <summary>Members of a message that is a list of names with values.</summary>
    private static Dictionary<string, byte[]> Named(byte[] message, int number = 1) => Fields(message).Where(field => field.Number == number)
        .ToDictionary(field => Encoding.UTF8.GetString(Field(field.Bytes, 1)), field => Field(field.Bytes, 2), StringComparer.Ordinal);

    private static List<(int Number, byte[] Bytes)> Fields(byte[] message)
    {
        List<(int, byte[])> fields = [];
        int at = 0;
        while (at < message.Length)
        {
            int key = Varint(message, ref at);
            int length = (key & 7) switch { 0 => -1, 1 => 8, _ => Varint(message, ref at) };
            if (length < 0)
            {
                Varint(message, ref at);
                continue;
            }

            fields.Add((key >> 3, message[at..(at + length)]));
            at += length;
        }

        return fields;
    }

    private static int Varint(byte[] message, ref int at)
    {
        int value = 0;
        for (int shift = 0; ; shift += 7)
        {
            byte part = message[at++];
            value |= (part & 0x7F) << shift;
            if (part < 0x80)
            {
                return value;
            }
        }
    }
}
