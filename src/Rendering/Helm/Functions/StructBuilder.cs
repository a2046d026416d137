using Bowline.Languages.GoTemplates.Values;
using Bowline.Resources.Model;

namespace Bowline.Rendering.Helm.Functions;

/// <summary>A Go struct field by field, with its JSON under the names and <c>omitempty</c> of its tags.</summary>
internal sealed class StructBuilder(GoType type)
{
    private readonly List<KeyValuePair<string, Node>> fields = [];
    private readonly MapNode json = new();

    public void Add(string name, string tag, string value) => Add(name, tag, StringNode.Of(value), value.Length > 0);

    public void Add(string name, string tag, Node value, bool? inJson)
    {
        fields.Add(new(name, value));
        if (inJson == true)
        {
            json[tag] = value;
        }
    }

    public GoObject Build() => new(type, fields) { Json = json };
}
