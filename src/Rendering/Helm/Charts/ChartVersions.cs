using Bowline.Languages.GoTemplates.Sprig;
using Bowline.Languages.GoTemplates.Values;
using Bowline.Resources.Model;

namespace Bowline.Rendering.Helm.Charts;

/// <summary>Versions and ranges of Masterminds/semver, by the very functions that templates call.</summary>
internal static class ChartVersions
{
    private static readonly GoFunction Parse = Function("semver");
    private static readonly GoFunction Compare = Function("semverCompare");

    public static bool IsValid(string version) =>
        !version.AsSpan().ContainsAnyInRange('\0', '\x1f') && Try(Parse, StringNode.Of(version)) is not null;

    /// <summary>Whether a version satisfies a range; false when either cannot be read.</summary>
    public static bool IsCompatible(string range, string version) =>
        Try(Compare, StringNode.Of(range), StringNode.Of(version)) is BoolNode { Value: true };

    private static GoFunction Function(string name) =>
        SprigFunctions.Table.Find(name) ?? throw new InvalidOperationException($"Sprig lacks {name}");

    private static Node? Try(GoFunction function, params Node[] arguments)
    {
        try
        {
            return function.Body(new FunctionCall(arguments, new TemplateRun(SprigFunctions.Table)));
        }
        catch (GoError)
        {
            return null;
        }
    }
}
