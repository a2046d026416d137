using System.Globalization;
using Bowline.Resources.Model;
using Bowline.Resources.Schemas;

namespace Bowline.Resources.Merging;

/// <summary>Checks an applied object against its schema, with the messages of the API server.</summary>
internal sealed class TypeCheck
{
    private const int MaxErrors = 100;
    private readonly List<string> errors = [];
    // The path to the value at hand; printed only when there is something to complain about.
    private readonly List<PathElement> path = [];

    /// <summary>Null when the object fits.</summary>
    public static string? Errors(Node value, FieldType type)
    {
        TypeCheck check = new();
        check.Value(value, type);
        return check.errors.Count switch
        {
            0 => null,
            1 => check.errors[0],
            _ => "errors:\n  " + string.Join("\n  ", check.errors),
        };
    }

    private void Value(Node value, FieldType type)
    {
        if (value.IsNull || errors.Count >= MaxErrors)
        {
            return;
        }

        switch (type.ShapeOf(value))
        {
            case FieldShape.Map:
                Map(value, type);
                break;
            case FieldShape.List:
                List(value, type);
                break;
            default:
                Scalar(value, type);
                break;
        }
    }

    private void Map(Node value, FieldType type)
    {
        if (value is not MapNode map)
        {
            Fail($"expected map, got &{{{GoNotation.Plain(value)}}}");
            return;
        }

        if (type.MapIsAtomic && type.AllowsScalar)
        {
            return;
        }

        foreach ((string key, Node member) in map)
        {
            path.Add(PathElement.Field(key));
            FieldType? memberType = type.Member(key, out _);
            if (memberType is null)
            {
                Fail("field not declared in schema");
            }
            else
            {
                Value(member, memberType);
            }

            path.RemoveAt(path.Count - 1);
        }
    }

    private void List(Node value, FieldType type)
    {
        if (value is not ListNode list)
        {
            Fail($"expected list, got &{{{GoNotation.Plain(value)}}}");
            return;
        }

        FieldType elementType = type.Element;
        ListIndex? seen = type.ListType == ListType.Atomic ? null : new ListIndex(list.Count);
        for (int i = 0; i < list.Count; i++)
        {
            if (!ListKeys.TryGet(type, i, list[i], out PathElement element, out string? problem))
            {
                Fail(string.Create(CultureInfo.InvariantCulture, $"element {i}: {problem}"));
                continue;
            }

            if (seen is not null && seen.Find(element) >= 0)
            {
                Fail($"duplicate entries for key {element}");
            }
            else
            {
                seen?.Add(element, list[i]);
            }

            path.Add(element);
            Value(list[i], elementType);
            path.RemoveAt(path.Count - 1);
        }
    }

    private void Scalar(Node value, FieldType type)
    {
        bool fits = type.ScalarType switch
        {
            "string" => value is StringNode,
            "integer" or "number" => value is IntegerNode or FloatNode,
            "boolean" => value is BoolNode,
            _ => true,
        };
        if (!fits)
        {
            // Each in the verb that structured-merge-diff prints it with.
            Fail(type.ScalarType switch
            {
                "integer" or "number" => $"expected numeric (int or float), got {GoNotation.TypeOf(value)}",
                "string" => $"expected string, got &value.valueUnstructured{{Value:{GoNotation.Literal(value)}}}",
                _ => $"expected {type.ScalarType}, got &{{{GoNotation.Plain(value)}}}",
            });
        }
    }

    private void Fail(string message)
    {
        if (errors.Count < MaxErrors)
        {
            errors.Add(path.Count == 0 ? message : $"{string.Concat(path)}: {message}");
        }
    }
}
