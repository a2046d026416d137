using System.Text;
using Bowline.EmbeddedCluster.Hosting;

namespace Bowline.EmbeddedCluster.Tests.ApiServer;

/// <summary>OpenAPI v2 in the form that kubectl before 1.27 asks for; without it such a kubectl applies nothing.</summary>
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
