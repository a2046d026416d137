using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.Kinds;

/// <summary>Reads <c>k8s\0</c> bodies: a runtime.Unknown around a message of a built-in kind.</summary>
internal static class ProtobufReader
{
    public static Node Read(ReadOnlySpan<byte> body)
    {
        _ = body;
        throw new DecodeException("protobuf bodies are not read yet");
    }
}
