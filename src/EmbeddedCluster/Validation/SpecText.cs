using Bowline.EmbeddedCluster.Kinds;
using Bowline.Resources.Json;
using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.Validation;

/// <summary>
/// Parts of pods and claims as Go's encoding/json writes the structs that kube-apiserver holds of them: every field by the name that it has in
/// Go, set or not, each on a line, indented by a space. Messages of refused updates show what would differ, line by line.
/// </summary>
internal sealed class SpecText
{
    // Comparing takes the square of it at worst; a pod of a dozen containers has some thousands.
    private const int MostLines = 20_000;
    private static readonly string[] OfHost = ["hostNetwork", "hostPID", "hostIPC", "shareProcessNamespace", "hostUsers"];
    private readonly List<string> lines = [];
    private string line = string.Empty;

    private SpecText()
    {
    }

    /// <summary>What differs between two specs of pods.</summary>
    public static string OfPods(MapNode before, MapNode after) => Difference("core.PodSpec", Held(before), Held(after));

    /// <summary>What differs between two values, on lines of its own.</summary>
    /// <param name="type">One of <see cref="GoTypes.Pods"/>.</param>
    /// <returns>Empty where that would be more to compare than a reader or the server has time for.</returns>
    public static string Difference(string type, MapNode before, MapNode after)
    {
        (List<string> old, List<string> next) = (Lines(type, before), Lines(type, after));
        return old.Count + next.Count <= MostLines ? "\n" + LineDiff.Of(old, next) : string.Empty;
    }

    private static MapNode Held(MapNode spec)
    {
        MapNode held = (MapNode)spec.DeepClone();
        MapNode security = held.EnsureMap("securityContext");
        foreach (string key in OfHost)
        {
            if (held[key] is { } value)
            {
                security[key] = value;
            }
        }

        return held;
    }

    private static List<string> Lines(string type, MapNode value)
    {
        SpecText text = new();
        text.Struct(type, value, 0);
        text.End();
        return text.lines;
    }

    private void Struct(string type, MapNode value, int depth)
    {
        line += "{";
        string separator = string.Empty;
        Fields(type, value, depth + 1, ref separator);
        Close('}', depth, separator.Length == 0);
    }

    private void Fields(string type, MapNode? value, int depth, ref string separator)
    {
        foreach (GoField field in GoTypes.Pods.Fields(type)!)
        {
            if (field.JsonName.Length == 0)
            {
                Fields(field.Type, value, depth, ref separator);
                continue;
            }

            Next(ref separator, depth);
            line += $"\"{field.Name}\": ";
            Value(field.Type, value?[field.JsonName], depth);
        }
    }

    private void Value(string type, Node? value, int depth)
    {
        bool isUnset = value is null or NullNode or ListNode { Count: 0 };
        if (type[0] == '*' && !isUnset)
        {
            Value(type[1..], value, depth);
        }
        else if (type.StartsWith("[]", StringComparison.Ordinal) && !isUnset)
        {
            List(type[2..], value!.AsList() ?? [], depth);
        }
        else if (GoTypes.Pods.Fields(type) is not null)
        {
            // What apimachinery defines is written by the names that it has in JSON, and left out where it is not set.
            if (IsOfMeta(type))
            {
                Plain(value ?? new MapNode(), depth);
            }
            else
            {
                Struct(type, value as MapNode ?? [], depth);
            }
        }
        else
        {
            Plain(isUnset ? Zero(type) : value!, depth);
        }
    }

    private void List(string type, ListNode list, int depth)
    {
        line += "[";
        string separator = string.Empty;
        foreach (Node item in list)
        {
            Next(ref separator, depth + 1);
            Value(type, item, depth + 1);
        }

        Close(']', depth, list.Count == 0);
    }

    private void Plain(Node value, int depth)
    {
        switch (value)
        {
            case MapNode map:
                line += "{";
                string separator = string.Empty;
                foreach ((string key, Node item) in map.Sorted())
                {
                    Next(ref separator, depth + 1);
                    line += $"{JsonWriter.ToText(StringNode.Of(key))}: ";
                    Plain(item, depth + 1);
                }

                Close('}', depth, map.Count == 0);
                break;
            case ListNode list:
                List("interface {}", list, depth);
                break;
            default:
                line += JsonWriter.ToText(value).Replace("<", "\\u003c", StringComparison.Ordinal).Replace(">", "\\u003e", StringComparison.Ordinal).Replace("&", "\\u0026", StringComparison.Ordinal);
                break;
        }
    }

    /// <summary>What a field says that is not set.</summary>
    private static Node Zero(string type) => GoTypes.Pods.Base(type) switch
    {
        _ when type[0] == '*' || type.StartsWith("[]", StringComparison.Ordinal) => Node.Null,
        "string" => StringNode.Empty,
        "bool" => BoolNode.False,
        "resource.Quantity" => StringNode.Of("0"),
        "int32" or "int64" or "intstr.IntOrString" => IntegerNode.Of(0),
        _ => Node.Null,
    };

    private static bool IsOfMeta(string type) => type is "v1.LabelSelector" or "v1.LabelSelectorRequirement" or "v1.ObjectMeta" or "v1.OwnerReference" or "v1.ManagedFieldsEntry";

    private void Next(ref string separator, int depth)
    {
        line += separator;
        separator = ",";
        End();
        line = new string(' ', depth);
    }

    private void Close(char bracket, int depth, bool isEmpty)
    {
        if (!isEmpty)
        {
            End();
            line = new string(' ', depth);
        }

        line += bracket;
    }

    private void End()
    {
        lines.Add(line);
        line = string.Empty;
    }
}
