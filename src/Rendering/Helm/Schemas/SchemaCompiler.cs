using System.Runtime.CompilerServices;
using Bowline.Resources.Model;

namespace Bowline.Rendering.Helm.Schemas;

/// <summary>Turns a schema file into <see cref="JsonSchema"/>s, following its references.</summary>
internal sealed partial class SchemaCompiler
{
    private readonly SchemaResources resources;
    private readonly Dictionary<Node, JsonSchema> compiled = new(ReferenceEqualityComparer.Instance);

    private readonly IReadOnlyDictionary<Node, string> numbers;
    private readonly bool onlyShape;

    private SchemaCompiler(SchemaResources resources, IReadOnlyDictionary<Node, string> numbers, bool onlyShape)
    {
        this.resources = resources;
        this.numbers = numbers;
        this.onlyShape = onlyShape;
    }

    /// <param name="numbers">How the file writes its numbers, as far as known.</param>
    /// <exception cref="SchemaException">Not a schema, or not one that is complete in itself.</exception>
    public static JsonSchema Compile(Node root, IReadOnlyDictionary<Node, string>? numbers = null)
    {
        numbers ??= new Dictionary<Node, string>();
        try
        {
            SchemaResources resources = new(root);
            // All of the file has to be a schema, but only what is used has to have its references.
            new SchemaCompiler(resources, numbers, onlyShape: true).Compile(root, resources.Root);
            return new SchemaCompiler(resources, numbers, onlyShape: false).Compile(root, resources.Root);
        }
        catch (InsufficientExecutionStackException)
        {
            throw new SchemaException("the schema is nested too deeply");
        }
    }

    private JsonSchema Compile(Node node, SchemaResource resource)
    {
        RuntimeHelpers.EnsureSufficientExecutionStack();
        if (node is BoolNode flag)
        {
            return new JsonSchema { Draft = resource.Draft, Resource = resource, Always = flag.Value };
        }

        if (compiled.TryGetValue(node, out JsonSchema? known))
        {
            return known;
        }

        MapNode map = node as MapNode ?? throw new SchemaException("a schema must be an object or a boolean");
        resource = resources.OwnerOf(map, resource);
        JsonSchema schema = new() { Draft = resource.Draft, Resource = resource };
        compiled[node] = schema;
        Keywords keywords = new(map, node => Compile(node, resource));
        if (onlyShape)
        {
            keywords.SchemaMap("definitions");
            keywords.SchemaMap("$defs");
        }
        else
        {
            References(schema, map, resource);
        }

        Generic(schema, keywords);
        Objects(schema, keywords);
        Arrays(schema, keywords);
        Scalars(schema, keywords);
        return schema;
    }

    private void References(JsonSchema schema, MapNode map, SchemaResource resource)
    {
        schema.Ref = Target(map["$ref"], resource);
        if (schema.Draft == 2019)
        {
            schema.RecursiveRef = Target(map["$recursiveRef"], resource);
            schema.RecursiveAnchor = map["$recursiveAnchor"]?.AsBool() == true;
        }
        else if (schema.Draft >= 2020)
        {
            schema.DynamicAnchor = map["$dynamicAnchor"]?.AsString();
            schema.DynamicRef = Target(map["$dynamicRef"], resource);
            string? reference = map["$dynamicRef"]?.AsString();
            int hash = reference?.IndexOf('#', StringComparison.Ordinal) ?? -1;
            schema.DynamicRefAnchor = hash >= 0 && hash + 1 < reference!.Length && reference[hash + 1] != '/' ? reference[(hash + 1)..] : null;
        }
    }

    private JsonSchema? Target(Node? reference, SchemaResource resource)
    {
        if (reference?.AsString() is not { } text)
        {
            return null;
        }

        return resources.Resolve(text, resource) is { } target
            ? Compile(target.Node, target.Resource)
            : new JsonSchema { Draft = resource.Draft, Resource = resource, Always = true };
    }

    private void Generic(JsonSchema schema, Keywords keywords)
    {
        schema.Types = keywords.Types("type");
        schema.Enum = keywords.List("enum");
        schema.WrongEnum = schema.Enum is null ? string.Empty : SchemaValues.WrongEnum(schema.Enum, numbers);
        schema.Const = schema.Draft > 4 ? keywords.Map["const"] : null;
        schema.WrongConst = schema.Const is null ? string.Empty : SchemaValues.WrongConst(schema.Const, numbers);
        schema.Format = schema.Draft <= 7 ? keywords.Text("format") : null;
        schema.Not = keywords.Schema("not");
        schema.AllOf = keywords.Schemas("allOf") ?? [];
        schema.AnyOf = keywords.Schemas("anyOf") ?? [];
        schema.OneOf = keywords.Schemas("oneOf") ?? [];
        if (schema.Draft >= 7)
        {
            schema.If = keywords.Schema("if");
            schema.Then = keywords.Schema("then");
            schema.Else = keywords.Schema("else");
        }
    }
}
