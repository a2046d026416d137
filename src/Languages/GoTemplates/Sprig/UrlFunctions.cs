namespace Bowline.Languages.GoTemplates.Sprig;

internal static class UrlFunctions
{
    public static FunctionList All() => new();
}
