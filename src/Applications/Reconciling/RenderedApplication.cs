using System.Buffers;
using System.Security.Cryptography;
using Bowline.Applications.Model;
using Bowline.Applications.Placing;
using Bowline.Delivery.Inventories;
using Bowline.Rendering.Requests;
using Bowline.Resources.Json;
using Bowline.Resources.Model;
using Bowline.Sources.Files;
using Bowline.Sources.Git;

namespace Bowline.Applications.Reconciling;

/// <summary>An application's objects at one revision, and the files that they were made from.</summary>
public sealed record RenderedApplication(ApplicationSpec Spec, string Revision, IReadOnlyList<Resource> Resources)
{
    /// <summary>What it was made from.</summary>
    public IReadOnlyList<RenderedSource> Sources { get; init; } = [];

    /// <summary>What is needed to have the same files once more; the repository that declares the application has an empty URL, files that were not committed no revision.</summary>
    public IReadOnlyList<SourcePin> Pins => [.. Sources.Select(source => new SourcePin(
        source.IsHome ? string.Empty : RepositoryUrl.Redact(source.Url), source.IsHome && FollowsHome && IsUncommitted ? string.Empty : source.Resolved))];

    /// <summary>The same render under the revision of a commit that did not touch it.</summary>
    public RenderedApplication At(SourceRevision home) => !FollowsHome ? this : this with
    {
        Revision = home.Short,
        Sources = [.. Sources.Select(source => source.IsHome && source.Revision == Sources[0].Revision ? source with { Resolved = home.Commit } : source)],
    };

    /// <summary>Whether both were made from the same commits and versions.</summary>
    public bool IsAt(RenderedApplication other) => Revision == other.Revision && Sources.Select(source => source.Resolved).SequenceEqual(other.Sources.Select(source => source.Resolved));

    private bool IsUncommitted => Revision.EndsWith("-dirty", StringComparison.Ordinal) || Revision == "worktree";

    /// <summary>The kinds of <see cref="Resources"/>, each once.</summary>
    public IReadOnlyList<ResourceKind> Kinds { get; } = [.. Resources.Select(resource => resource.Kind).Distinct()];

    public IReadOnlyList<string> Warnings { get; init; } = [];

    /// <summary>Equal for equal objects, whatever the revision: a commit that changes nothing here needs no sync.</summary>
    public string Fingerprint { get; } = ComputeFingerprint(Resources);

    /// <summary>Whether the revision is that of the repository that declares it, and moves with it.</summary>
    public bool FollowsHome { get; init; }

    /// <summary>What it wants to own, scopes as far as they are known without a cluster.</summary>
    public Claims Claims => claims ??= MakeClaims();

    private Claims? claims;

    private Claims MakeClaims()
    {
        HashSet<ResourceId> objects = [];
        foreach (Resource resource in Resources)
        {
            ResourceId id = resource.Id;
            if (id.Name.Length > 0)
            {
                objects.Add(id with { Namespace = !ServedKinds.IsNamespaced(resource.Kind) ? string.Empty : id.Namespace.Length > 0 ? id.Namespace : Spec.Destination.Namespace });
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
public sealed record RenderedSource(string Url, string Revision, string Chart, string Resolved, bool IsHome, Func<string, bool> DependsOn)
{
    /// <summary>What renders it.</summary>
    public SourceTool Tool { get; init; }

    /// <summary>Whether the objects say which commit they are of, so that every commit changes them.</summary>
    internal bool SaysRevision { get; init; }

    /// <param name="files">What changed, relative to the repository's root; null when any of them may have.</param>
    internal bool IsTouchedBy(IReadOnlyCollection<string>? files) => SaysRevision || files is null || files.Any(DependsOn);
}
