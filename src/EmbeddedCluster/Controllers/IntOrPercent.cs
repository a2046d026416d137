using System.Globalization;
using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.Controllers;

/// <summary>An <c>intstr.IntOrString</c> that may be a percentage.</summary>
internal static class IntOrPercent
{
    public static int Resolve(Node? value, int total, bool roundUp, int otherwise = 0)
    {
        if (value?.AsInteger() is { } number)
        {
            return (int)Math.Clamp(number, 0, int.MaxValue);
        }

        if (value?.AsString() is not { } text || !text.EndsWith('%')
            || !int.TryParse(text.AsSpan(0, text.Length - 1), NumberStyles.None, CultureInfo.InvariantCulture, out int percent))
        {
            return otherwise;
        }

        long scaled = (long)percent * total;
        return (int)(roundUp ? (scaled + 99) / 100 : scaled / 100);
    }
}
