namespace Bowline.Languages.GoTemplates.Sprig;

internal static class DateFunctions
{
    public static FunctionList All() => new();
}
