namespace Bowline.Languages.GoTemplates.Sprig;

internal static class SemverFunctions
{
    public static FunctionList All() => new();
}
