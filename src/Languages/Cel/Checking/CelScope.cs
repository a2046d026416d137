using Bowline.Languages.Cel.Types;

namespace Bowline.Languages.Cel.Checking;

/// <summary>The variables of folds that surround an expression; a linked list, innermost first.</summary>
internal sealed record CelScope(string Name, CelType Type, CelScope? Outer)
{
    public static CelType? Find(CelScope? scope, string name)
    {
        for (; scope is not null; scope = scope.Outer)
        {
            if (scope.Name == name)
            {
                return scope.Type;
            }
        }

        return null;
    }
}
