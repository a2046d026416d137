using System.Diagnostics.CodeAnalysis;
using Bowline.EmbeddedCluster.Kinds;
using Bowline.EmbeddedCluster.Validation;
using Bowline.Languages.Cel;
using Bowline.Resources.Merging;
using Bowline.Resources.Model;
using Bowline.Resources.Patching;
using Bowline.Resources.Schemas;

namespace Bowline.EmbeddedCluster.Admission.Policies;

/// <summary>A mutation that failed; what that means is for the policy's failurePolicy to say.</summary>
internal sealed class MutationException(string message, Exception? inner = null) : Exception(message, inner);

/// <summary>Applies what a mutation's expression made to the object.</summary>
internal sealed class MutationPatches(PolicySettings settings)
{
    private const long Budget = 10_000_000;

    /// <returns>The object itself when a <c>test</c> of its JSON patch fails, a new one otherwise.</returns>
    /// <exception cref="MutationException">The expression failed, or its result does not fit the object.</exception>
    /// <exception cref="ApiException">What refuses the request whatever the failure policy says: a kind without a schema (503), a patched object that cannot be decoded (500).</exception>
    public MapNode Apply(PolicyMutation mutation, Func<string, Node?> values, AdmissionRequest request)
    {
        Schema schema = settings.SchemaOf(request.Kind, request.View) ?? throw new ApiException(503, "ServiceUnavailable", $"Resource kind {Described(request)} not found. There can be a delay between when CustomResourceDefinitions are created and when they are available.");
        if (mutation.Expression.Program is null)
        {
            throw new MutationException(mutation.Expression.Error!);
        }

        long budget = Budget;
        CelResult result = mutation.Expression.Evaluate(values, ref budget);
        Node value = result.Value ?? throw new MutationException(result.Error!);
        MapNode? changed = mutation.IsJsonPatch ? Patched(request.Object, value) : Applied(request.Object, value, schema);
        return changed is null ? request.Object : Decoded(request, changed);
    }

    private MapNode Decoded(AdmissionRequest request, MapNode changed)
    {
        if (request.View is not null)
        {
            return changed;
        }

        (MapNode decoded, IReadOnlyList<string> unknown) = settings.Decode(request.Kind, changed);
        return request.Kind.Custom is not null || unknown.Count == 0 ? decoded
            : throw ApiErrors.InternalError($"strict decoding error: {string.Join(", ", unknown.Select(path => $"unknown field \"{path}\""))}");
    }

    private static MapNode Applied(MapNode whole, Node value, Schema schema)
    {
        CheckNames(value, PolicyEnvironment.ObjectName);
        MapNode part = (MapNode)CelProgram.ToPlain(value);
        foreach (string header in (ReadOnlySpan<string>)["apiVersion", "kind"])
        {
            if (whole[header] is { } own)
            {
                part[header] = own;
            }
        }

        try
        {
            return Overlay.Apply(whole, part, schema);
        }
        catch (MergeException e)
        {
            throw new MutationException($"error applying patch: {e.Message}", e);
        }
    }

    /// <returns>Null when a test fails: the patch is not applied then, which is no fault.</returns>
    private static MapNode? Patched(MapNode whole, Node value)
    {
        ListNode operations = [];
        foreach (Node item in value.AsList() ?? [])
        {
            MapNode fields = CelNodes.StructFields(item) ?? throw new MutationException("type mismatch: JSONPatchType.expression should evaluate to array of JSONPatch");
            operations.Add(Operation(fields));
        }

        try
        {
            return JsonPatch.Apply(whole, operations) as MapNode ?? throw new MutationException("JSONPath: the patched object is no object");
        }
        catch (PatchException e)
        {
            return e.IsFailedTest ? null : throw new MutationException($"JSONPath: {e.Message}", e);
        }
    }

    private static MapNode Operation(MapNode fields)
    {
        MapNode operation = new() { ["op"] = fields["op"] ?? StringNode.Empty, ["path"] = fields["path"] ?? StringNode.Empty };
        if (fields["from"]?.AsString() is { Length: > 0 } from)
        {
            operation["from"] = from;
        }

        if (fields["value"] is { } value)
        {
            // Where the value will stand is the path's affair; below it, types are named after their fields.
            if (CelNodes.StructName(value) is { } name)
            {
                CheckNames(value, name);
            }

            operation["value"] = CelProgram.ToPlain(value);
        }

        return operation;
    }

    /// <summary>Literals are checked by their names alone: what stands in <c>spec.selector</c> has to be an <c>Object.spec.selector</c>.</summary>
    private static void CheckNames(Node value, string expected)
    {
        List<string> errors = [];
        CheckNames(value, expected, errors);
        if (errors.Count > 0)
        {
            throw new MutationException($"type mismatch: {string.Join('\n', errors)}");
        }
    }

    private static void CheckNames(Node value, string expected, List<string> errors)
    {
        if (IsStruct(value, out string? name, out MapNode? fields))
        {
            if (name != expected)
            {
                errors.Add($"unexpected type name \"{name}\", expected \"{expected}\", which matches field name path from root Object type");
            }

            foreach ((string field, Node member) in fields)
            {
                CheckNames(member, $"{expected}.{field}", errors);
            }

            return;
        }

        foreach (Node item in (value as ListNode)?.AsEnumerable() ?? (value as MapNode)?.Values ?? [])
        {
            CheckNames(item, expected, errors);
        }
    }

    private static bool IsStruct(Node value, [NotNullWhen(true)] out string? name, [NotNullWhen(true)] out MapNode? fields)
    {
        name = CelNodes.StructName(value);
        fields = CelNodes.StructFields(value);
        return name is not null && fields is not null;
    }

    private static string Described(AdmissionRequest request)
    {
        ResourceKind kind = request.View ?? request.Kind.Kind;
        return $"{(kind.Group.Length == 0 ? "/" + kind.Version : kind.ApiVersion)}, Kind={kind.Kind}";
    }
}
