using System.Globalization;
using System.Text;
using Bowline.EmbeddedCluster.Kinds;
using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.Controllers.Workloads;

/// <summary>Prints a tree as go-spew's <c>%#v</c> prints the Go value that JSON decoding makes of it.</summary>
internal sealed class GoDump(GoTypes types, StringBuilder text)
{
    public void Struct(string type, MapNode? value)
    {
        text.Append('{');
        string separator = string.Empty;
        foreach (GoField field in types.Fields(type) ?? throw new InvalidOperationException($"Unknown Go type {type}"))
        {
            text.Append(separator).Append(field.Name).Append(":(").Append(field.Type).Append(')');
            separator = " ";
            // An embedded struct has no name in JSON: its members are among those of the outer one.
            Value(field.Type, field.JsonName.Length == 0 ? value : value?[field.JsonName]);
        }

        text.Append('}');
    }

    private void Value(string type, Node? value)
    {
        if (value is NullNode)
        {
            value = null;
        }

        if (type[0] == '*')
        {
            Pointer(type[1..], value);
        }
        else if (type.StartsWith("[]", StringComparison.Ordinal))
        {
            Slice(type[2..], value as ListNode);
        }
        else if (types.Fields(type) is not null)
        {
            Struct(type, value as MapNode);
        }
        else
        {
            Plain(type, value);
        }
    }

    private void Pointer(string type, Node? value)
    {
        if (value is null)
        {
            text.Append("<nil>");
            return;
        }

        Value(type, value);
    }

    private void Slice(string type, ListNode? list)
    {
        // Storage knows no difference between a missing list and an empty one.
        if (list is null or { Count: 0 })
        {
            text.Append("<nil>");
            return;
        }

        char separator = '[';
        foreach (Node item in list)
        {
            text.Append(separator);
            Value(type, item);
            separator = ' ';
        }

        text.Append(']');
    }

    private void Plain(string type, Node? value)
    {
        string bottom = types.Base(type);
        switch (bottom)
        {
            case "map[string]string":
                Map("string", value as MapNode);
                break;
            case "map[v1.ResourceName]resource.Quantity":
                Map("resource.Quantity", value as MapNode);
                break;
            case "resource.Quantity":
                Quantity(value);
                break;
            case "intstr.IntOrString":
                IntOrString(value);
                break;
            case "v1.Time":
                text.Append("{Time:(time.Time){wall:(uint64)0 ext:(int64)0 loc:(*time.Location)<nil>}}");
                break;
            case "bool":
                text.Append(value?.AsBool() == true ? "true" : "false");
                break;
            case "string":
                text.Append(value?.AsString());
                break;
            default:
                text.Append(value?.AsInteger() ?? 0);
                break;
        }
    }

    private void Map(string type, MapNode? map)
    {
        if (map is null or { Count: 0 })
        {
            text.Append("<nil>");
            return;
        }

        string separator = "map[";
        foreach ((string key, Node item) in map.Sorted())
        {
            text.Append(separator).Append(key).Append(':');
            Value(type, item);
            separator = " ";
        }

        text.Append(']');
    }

    private void IntOrString(Node? value)
    {
        bool isText = value is StringNode;
        text.Append("{Type:(intstr.Type)").Append(isText ? 1 : 0)
            .Append(" IntVal:(int32)").Append(isText ? 0 : value?.AsInteger() ?? 0)
            .Append(" StrVal:(string)").Append(isText ? value!.AsString() : string.Empty).Append('}');
    }

    private void Quantity(Node? value)
    {
        GoQuantity quantity = GoQuantity.Parse(value?.AsString() ?? value?.ToString() ?? string.Empty);
        text.Append("{i:(resource.int64Amount){value:(int64)").Append(quantity.Value.ToString(CultureInfo.InvariantCulture))
            .Append(" scale:(resource.Scale)").Append(quantity.Scale.ToString(CultureInfo.InvariantCulture))
            .Append("} d:(resource.infDecAmount){Dec:(*inf.Dec)").Append(quantity.Big ?? "<nil>")
            .Append("} s:(string)").Append(quantity.Cached)
            .Append(" Format:(resource.Format)").Append(quantity.Format).Append('}');
    }
}
