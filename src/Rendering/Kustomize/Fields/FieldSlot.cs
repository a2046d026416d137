using Bowline.Resources.Model;

namespace Bowline.Rendering.Kustomize.Fields;

/// <summary>A place in a tree whose node can be exchanged.</summary>
internal readonly record struct FieldSlot(Node Container, string Key, int Index)
{
    public Node Value
    {
        get => Container is MapNode map ? map[Key]! : ((ListNode)Container)[Index];
        set
        {
            if (Container is MapNode map)
            {
                ScalarReader.Put(map, Key, value);
            }
            else
            {
                ((ListNode)Container)[Index] = value;
            }
        }
    }
}
