namespace Bowline.Languages.Cel.Functions;

/// <summary>Which libraries an environment has.</summary>
internal static class CelLibraries
{
    /// <summary>The standard library and what k8s.io/apiserver/pkg/cel/environment enables at 1.36.</summary>
    public static CelLibrary Kubernetes() => Standard()
        .Include(StringFunctions.Kubernetes())
        .Include(SetFunctions.All())
        .Include(ListFunctions.Kubernetes())
        .Include(ListFunctions.Extended())
        .Include(RegexFunctions.Kubernetes())
        .Include(QuantityFunctions.All())
        .Include(UrlFunctions.All())
        .Include(NetworkFunctions.All())
        .Include(SemverFunctions.All())
        .Include(FormatFunctions.All())
        .Include(AuthorizerFunctions.All());

    /// <summary>All of these, and cel-go's newer string, regex and math functions.</summary>
    public static CelLibrary Full() => Kubernetes()
        .Include(StringFunctions.Newer())
        .Include(RegexFunctions.Newer())
        .Include(MathFunctions.All());

    private static CelLibrary Standard() => new CelLibrary()
        .Include(Operators.All())
        .Include(Conversions.All())
        .Include(TextFunctions.All())
        .Include(TimeFunctions.All())
        .Include(OptionalFunctions.All());
}
