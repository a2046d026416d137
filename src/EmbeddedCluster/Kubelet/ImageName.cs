using System.Security.Cryptography;
using System.Text;

namespace Bowline.EmbeddedCluster.Kubelet;

/// <summary>Names of images as containerd spells them out.</summary>
internal static class ImageName
{
    /// <summary>With registry, library and tag.</summary>
    public static string Full(string image)
    {
        int slash = image.IndexOf('/', StringComparison.Ordinal);
        string first = slash < 0 ? string.Empty : image[..slash];
        bool hasRegistry = first.Contains('.', StringComparison.Ordinal) || first.Contains(':', StringComparison.Ordinal) || first == "localhost";
        string full = hasRegistry ? image : slash < 0 ? "docker.io/library/" + image : "docker.io/" + image;
        return full.LastIndexOf(':') > full.LastIndexOf('/') ? full : full + ":latest";
    }

    /// <summary>A digest that is always the same for an image's name; the image's own when the name has one.</summary>
    public static string Id(string image)
    {
        string full = Full(image);
        int digest = full.IndexOf('@', StringComparison.Ordinal);
        if (digest >= 0)
        {
            return full;
        }

        int tag = full.LastIndexOf(':');
        string repository = tag > full.LastIndexOf('/') ? full[..tag] : full;
        return $"{repository}@sha256:{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(image)))}";
    }

    /// <summary>A size that is always the same for an image's name, between 20 and 220 MB.</summary>
    public static long Size(string image) => 20_000_000 + (BitConverter.ToUInt32(SHA256.HashData(Encoding.UTF8.GetBytes(image))) % 200_000_000);
}
