namespace Bowline.Languages.GoTemplates.Sprig;

internal static class CryptoFunctions
{
    public static FunctionList All() => new();
}
