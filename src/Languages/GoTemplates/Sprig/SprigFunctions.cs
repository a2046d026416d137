using Bowline.Languages.GoTemplates.Values;

namespace Bowline.Languages.GoTemplates.Sprig;

/// <summary>The generic function map of Sprig 3.3.0, with <c>env</c> and <c>expandenv</c> left out as every embedder of untrusted templates does.</summary>
public static class SprigFunctions
{
    public static FunctionTable Table { get; } = Build();

    private static FunctionTable Build()
    {
        FunctionList all = new();
        all.AddAll(StringFunctions.All());
        all.AddAll(CaseFunctions.All());
        all.AddAll(RegexFunctions.All());
        all.AddAll(NumberFunctions.All());
        all.AddAll(ListFunctions.All());
        all.AddAll(DictFunctions.All());
        all.AddAll(ValueFunctions.All());
        all.AddAll(EncodingFunctions.All());
        all.AddAll(UrlFunctions.All());
        all.AddAll(PathFunctions.All());
        all.AddAll(DateFunctions.All());
        all.AddAll(SemverFunctions.All());
        all.AddAll(RandomFunctions.All());
        all.AddAll(CryptoFunctions.All());
        return new FunctionTable(all);
    }
}
