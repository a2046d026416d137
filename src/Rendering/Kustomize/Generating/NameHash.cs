using System.Security.Cryptography;
using System.Text;
using Bowline.Rendering.Kustomize.Objects;
using Bowline.Resources.Model;

namespace Bowline.Rendering.Kustomize.Generating;

/// <summary>The suffix of generated names: ten characters of the SHA-256 of the content as Go's encoding/json prints it, without vowels and look-alikes.</summary>
internal static class NameHash
{
    public static string Of(BuildObject item)
    {
        MapNode content = item.KindName switch
        {
            "ConfigMap" => Content(item, "ConfigMap", "binaryData"),
            "Secret" => Content(item, "Secret", "stringData"),
            _ => item.Root,
        };
        StringBuilder json = new();
        GoJson.Write(content, json);
        return Encode(Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(json.ToString()))));
    }

    private static MapNode Content(BuildObject item, string kind, string other)
    {
        MapNode content = new()
        {
            ["kind"] = kind,
            // The name stays empty: equal content makes equal hashes.
            ["name"] = StringNode.Empty,
            ["data"] = Field(item, "data"),
        };
        if (kind == "Secret")
        {
            content["type"] = Field(item, "type");
        }

        if (item.Root[other] is MapNode map)
        {
            content[other] = map;
        }

        return content;
    }

    /// <summary>A scalar in the place of a map counts as its text.</summary>
    private static Node Field(BuildObject item, string name) => item.Root[name] switch
    {
        null => StringNode.Empty,
        MapNode or ListNode => item.Root[name]!,
        Node scalar => new StringNode(ScalarText.Of(scalar)),
    };

    private static string Encode(string hex) => string.Create(10, hex, static (text, from) =>
    {
        for (int i = 0; i < text.Length; i++)
        {
            text[i] = from[i] switch
            {
                '0' => 'g',
                '1' => 'h',
                '3' => 'k',
                'a' => 'm',
                'e' => 't',
                char c => c,
            };
        }
    });
}
