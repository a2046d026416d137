using Bowline.EmbeddedCluster.Kinds;
using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.Admission;

/// <summary>What is about to be written. Mutating steps change <see cref="Object"/>.</summary>
/// <param name="Operation">CREATE, UPDATE, DELETE or CONNECT.</param>
/// <param name="Object">For DELETE the object that goes, for CONNECT the options of the connection.</param>
/// <param name="Warn">Adds a warning to the answer.</param>
internal sealed record AdmissionRequest(string Operation, ServedKind Kind, string Namespace, string Name, MapNode Object, MapNode? Old, string Subresource, UserInfo User, Action<string> Warn)
{
    /// <summary>The kind of <see cref="Object"/> where it is not the resource's own: a Scale, a Binding, an Eviction, a TokenRequest, options of a connection.</summary>
    public ResourceKind? View { get; init; }

    public bool DryRun { get; init; }

    /// <summary>CreateOptions, UpdateOptions or DeleteOptions as the request gave them.</summary>
    public MapNode Options { get; init; } = [];

    /// <summary>Adds an annotation to the request's audit event.</summary>
    public Action<string, string> Annotate { get; init; } = static (_, _) => { };

    public bool IsCreate => Operation == "CREATE";

    public bool IsUpdate => Operation == "UPDATE";

    /// <summary>The name for messages: an object that is still to be named goes by its generateName.</summary>
    public string Label => Name.Length > 0 ? Name : Object["metadata"]?["generateName"]?.AsString() ?? string.Empty;

    public bool Is(string qualifiedPlural) => Kind.QualifiedPlural == qualifiedPlural && Subresource.Length == 0;
}
