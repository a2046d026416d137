using System.Security.Cryptography;
using System.Text;
using Bowline.Resources.Model;

namespace Bowline.Delivery.Diffing;

/// <summary>Takes secret values out of what is shown, so that one still sees which keys differ.</summary>
public static class SecretRedaction
{
    private static readonly string[] SecretSections = ["data", "stringData"];

    /// <summary>
    /// For a Secret: copies whose values are <c>***</c>, told apart as <c>*** (before)</c> and <c>*** (after)</c> where they differ.
    /// Annotations that hold a copy of a whole object go as well. Any other object comes back as it is.
    /// </summary>
    /// <param name="annotations">Further annotations whose values are secret.</param>
    public static (MapNode? Before, MapNode? After) Redact(ResourceId id, MapNode? before, MapNode? after, IReadOnlyCollection<string> annotations)
    {
        if (id is not { Group: "", Kind: "Secret" })
        {
            return (before, after);
        }

        MapNode? left = (MapNode?)before?.DeepClone();
        MapNode? right = (MapNode?)after?.DeepClone();
        foreach (string section in SecretSections)
        {
            MapNode old = left?[section] as MapNode ?? [];
            MapNode @new = right?[section] as MapNode ?? [];
            foreach (string key in old.Keys.Union(@new.Keys).ToArray())
            {
                HideBoth(old, @new, key);
            }
        }

        foreach (string key in annotations)
        {
            HideBoth(left?.At("metadata", "annotations") as MapNode ?? [], right?.At("metadata", "annotations") as MapNode ?? [], key);
        }

        foreach (MapNode? side in (MapNode?[])[left, right])
        {
            (side?.At("metadata", "annotations") as MapNode)?.Remove("kubectl.kubernetes.io/last-applied-configuration");
        }

        return (left, right);
    }

    private static void HideBoth(MapNode old, MapNode @new, string key)
    {
        bool same = old[key] is { } one && @new[key] is { } other && SameSecret(one, other);
        Hide(old, key, same ? "***" : "*** (before)");
        Hide(@new, key, same ? "***" : "*** (after)");
    }

    /// <summary>A message about a Secret without any of its values, in their own or in base64 form: servers quote what they refuse.</summary>
    public static string Scrub(string message, ResourceId id, params ReadOnlySpan<MapNode?> states)
    {
        if (id is not { Group: "", Kind: "Secret" })
        {
            return message;
        }

        foreach (MapNode? state in states)
        {
            foreach (Node value in SecretSections.SelectMany(section => (state?[section] as MapNode)?.Values ?? []))
            {
                foreach (string form in Forms(value.ToString() ?? string.Empty))
                {
                    message = message.Replace(form, "***", StringComparison.Ordinal);
                }
            }
        }

        return message;
    }

    private static IEnumerable<string> Forms(string value)
    {
        if (value.Length > 0)
        {
            yield return value;
        }

        byte[] decoded = new byte[value.Length];
        if (value.Length > 0 && Convert.TryFromBase64String(value, decoded, out int length) && length > 0)
        {
            yield return Encoding.UTF8.GetString(decoded, 0, length);
        }
    }

    private static void Hide(MapNode section, string key, string mask)
    {
        if (section.ContainsKey(key))
        {
            section[key] = mask;
        }
    }

    private static bool SameSecret(Node left, Node right) => CryptographicOperations.FixedTimeEquals(
        Encoding.UTF8.GetBytes(left.ToString() ?? string.Empty), Encoding.UTF8.GetBytes(right.ToString() ?? string.Empty));
}
