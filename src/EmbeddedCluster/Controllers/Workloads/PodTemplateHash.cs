using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using Bowline.EmbeddedCluster.Kinds;
using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.Controllers.Workloads;

/// <summary>
/// The <c>pod-template-hash</c> of kube-controller-manager, digit for digit: FNV-1a over the text that go-spew prints of the
/// Go struct, so a Deployment keeps its ReplicaSets when it moves between Bowline and another cluster.
/// </summary>
internal static class PodTemplateHash
{
    private const string Alphabet = "bcdfghjklmnpqrstvwxz2456789";
    private const uint Offset = 2166136261;
    private const uint Prime = 16777619;
    private static readonly GoTypes Types = GoTypes.Pods;

    public static string Of(MapNode template, int? collisionCount)
    {
        uint sum = SumA(Offset, Encoding.UTF8.GetBytes(Dump(template)));
        if (collisionCount is { } count)
        {
            Span<byte> bytes = stackalloc byte[8];
            bytes.Clear();
            BinaryPrimitives.WriteUInt32LittleEndian(bytes, (uint)count);
            sum = SumA(sum, bytes);
        }

        return Encode(sum);
    }

    /// <summary>The name suffix of a ControllerRevision: its data as Go marshals it, then the collision count in decimal.</summary>
    public static string OfRevision(ReadOnlySpan<byte> data, int? collisionCount)
    {
        uint sum = Sum(Offset, data);
        return Encode(collisionCount is { } count ? Sum(sum, Encoding.ASCII.GetBytes(count.ToString(CultureInfo.InvariantCulture))) : sum);
    }

    internal static string Dump(MapNode template)
    {
        StringBuilder text = new(8192);
        text.Append("(v1.PodTemplateSpec)");
        new GoDump(Types, text).Struct("v1.PodTemplateSpec", template);
        return text.ToString();
    }

    // FNV-1a, which pod templates use.
    private static uint SumA(uint sum, ReadOnlySpan<byte> bytes)
    {
        foreach (byte value in bytes)
        {
            sum = unchecked((sum ^ value) * Prime);
        }

        return sum;
    }

    // FNV-1, which controller revisions use.
    private static uint Sum(uint sum, ReadOnlySpan<byte> bytes)
    {
        foreach (byte value in bytes)
        {
            sum = unchecked(sum * Prime) ^ value;
        }

        return sum;
    }

    private static string Encode(uint sum) =>
        string.Create(CultureInfo.InvariantCulture, $"{sum}") is var digits
            ? string.Create(digits.Length, digits, static (span, from) =>
            {
                for (int i = 0; i < span.Length; i++)
                {
                    span[i] = Alphabet[from[i] % Alphabet.Length];
                }
            })
            : string.Empty;
}
