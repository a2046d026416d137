using Bowline.Languages.GoTemplates.Values;

namespace Bowline.Rendering.Helm.Functions;

/// <summary>Dates and times without a zone, which BurntSushi's decoder tells apart by the names of their locations.</summary>
internal static class TomlTime
{
    public const string LocalDateTime = "datetime-local";
    public const string LocalDate = "date-local";
    public const string LocalTime = "time-local";

    public static string Text(GoTime time) => time.Format(time.Location switch
    {
        LocalDateTime => "2006-01-02T15:04:05.999999999",
        LocalDate => "2006-01-02",
        LocalTime => "15:04:05.999999999",
        _ => "2006-01-02T15:04:05.999999999Z07:00",
    });
}
