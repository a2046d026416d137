using Bowline.Rendering.Kustomize.Declared;

namespace Bowline.Rendering.Kustomize.Building;

/// <summary>Images as <c>kustomize edit set image</c> takes them: <c>name=newName:newTag@digest</c>, where the first part may be missing.</summary>
internal static class ImageText
{
    public static ImageSpec Parse(string text)
    {
        int equals = text.IndexOf('=', StringComparison.Ordinal);
        string image = text[(equals + 1)..];
        int at = image.IndexOf('@', StringComparison.Ordinal);
        string digest = at < 0 ? string.Empty : image[(at + 1)..];
        string tagged = at < 0 ? image : image[..at];
        int colon = tagged.IndexOf(':', Math.Max(tagged.LastIndexOf('/'), 0));
        string tag = colon < 0 ? string.Empty : tagged[(colon + 1)..];
        string name = colon < 0 ? tagged : tagged[..colon];
        return equals < 0
            ? new ImageSpec(name, string.Empty, string.Empty, tag, digest)
            : new ImageSpec(text[..equals], name == "*" ? string.Empty : name, string.Empty, tag == "*" ? string.Empty : tag, digest);
    }
}
