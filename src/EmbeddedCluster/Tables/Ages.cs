using System.Globalization;
using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.Tables;

/// <summary>Times as kubectl's tables show them.</summary>
internal static class Ages
{
    public const string Unknown = "<unknown>";

    public static string Since(Node? time, DateTimeOffset now) =>
        time?.AsString() is { Length: > 0 } text && DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out DateTimeOffset at)
            ? Short(now - at)
            : Unknown;

    /// <summary>apimachinery's HumanDuration: two units at most, the finer the shorter it is.</summary>
    public static string Short(TimeSpan span)
    {
        long seconds = (long)span.TotalSeconds;
        if (seconds < -1)
        {
            return "<invalid>";
        }

        if (seconds < 0)
        {
            return "0s";
        }

        if (seconds < 120)
        {
            return $"{seconds}s";
        }

        long minutes = seconds / 60;
        if (minutes < 10)
        {
            return Two(minutes, "m", seconds % 60, "s");
        }

        long hours = seconds / 3600;
        return hours switch
        {
            < 3 => $"{minutes}m",
            < 8 => Two(hours, "h", minutes % 60, "m"),
            < 48 => $"{hours}h",
            < 192 => Two(hours / 24, "d", hours % 24, "h"),
            < 24 * 365 * 2 => $"{hours / 24}d",
            < 24 * 365 * 8 => Two(hours / 24 / 365, "y", hours / 24 % 365, "d"),
            _ => $"{hours / 24 / 365}y",
        };
    }

    private static string Two(long large, string largeUnit, long small, string smallUnit) => small == 0 ? $"{large}{largeUnit}" : $"{large}{largeUnit}{small}{smallUnit}";
}
