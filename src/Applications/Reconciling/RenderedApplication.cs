using System.Buffers;
using System.Security.Cryptography;
using Bowline.Applications.Model;
using Bowline.Applications.Placing;
using Bowline.Resources.Json;
using Bowline.Resources.Model;

namespace Bowline.Applications.Reconciling;

/// <summary>An application's objects at one revision, and the files that they were made from.</summary>
public sealed record RenderedApplication(ApplicationSpec Spec, string Revision, IReadOnlyList<Resource> Resources)
{
    /// <summary>What it was made from.</summary>
    public IReadOnlyList<RenderedSource> Sources { get; init; } = [];

    public IReadOnlyList<string> Warnings { get; init; } = [];

    /// <summary>Equal for equal objects, whatever the revision: a commit that changes nothing here needs no sync.</summary>
    public string Fingerprint { get; } = ComputeFingerprint(Resources);

    /// <param name="isNamespaced">Scope of a kind, as far as it is known without a cluster.</param>
    public Claims ClaimsOf(Func<ResourceKind, bool> isNamespaced)
    {
        HashSet<ResourceId> objects = [];
        foreach (Resource resource in Resources)
        {
            ResourceId id = resource.Id;
            if (id.Name.Length > 0)
            {
                objects.Add(id with { Namespace = !isNamespaced(resource.Kind) ? string.Empty : id.Namespace.Length > 0 ? id.Namespace : Spec.Destination.Namespace });
            }
        }

        return new Claims(Spec.Name, Spec.Destination.Name.Length > 0 ? Spec.Destination.Name : Spec.Destination.Server, objects);
    }

    private static string ComputeFingerprint(IReadOnlyList<Resource> resources)
    {
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        ArrayBufferWriter<byte> buffer = new();
        foreach (Resource resource in resources)
        {
            buffer.ResetWrittenCount();
            JsonWriter.Write(resource.Node, buffer);
            hash.AppendData(buffer.WrittenSpan);
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }
}

/// <summary>Where some of an application's objects came from.</summary>
/// <param name="Revision">As the application asks for it.</param>
/// <param name="Resolved">The commit or chart version that this meant.</param>
/// <param name="DependsOn">Whether a change of this file, relative to the repository's root, can change the objects.</param>
public sealed record RenderedSource(string Url, string Revision, string Chart, string Resolved, bool IsHome, Func<string, bool> DependsOn);
