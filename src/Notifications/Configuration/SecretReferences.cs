using System.Collections.Frozen;
using System.Text.RegularExpressions;
using Bowline.Resources.Model;

namespace Bowline.Notifications.Configuration;

/// <summary><c>$key</c> anywhere in a text of a service's settings is the value of that key of the Secret.</summary>
internal static partial class SecretReferences
{
    /// <param name="missing">Told the keys that the Secret does not have; their texts stay as they are.</param>
    public static Node Resolve(Node node, FrozenDictionary<string, string> secrets, Action<string> missing) => node switch
    {
        StringNode text => Reference().Replace(text.Value, match =>
        {
            if (secrets.TryGetValue(match.Value[1..], out string? value))
            {
                return value;
            }

            missing(match.Value[1..]);
            return match.Value;
        }),
        MapNode map => Map(map, secrets, missing),
        ListNode list => new ListNode(list.Select(item => Resolve(item, secrets, missing))),
        _ => node,
    };

    private static MapNode Map(MapNode map, FrozenDictionary<string, string> secrets, Action<string> missing)
    {
        MapNode resolved = new(map.Count);
        foreach ((string key, Node value) in map)
        {
            resolved[key] = Resolve(value, secrets, missing);
        }

        return resolved;
    }

    [GeneratedRegex(@"[$][0-9A-Za-z_-]+", RegexOptions.NonBacktracking)]
    private static partial Regex Reference();
}
