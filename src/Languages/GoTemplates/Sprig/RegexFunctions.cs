namespace Bowline.Languages.GoTemplates.Sprig;

internal static class RegexFunctions
{
    public static FunctionList All() => new();
}
