using System.Text.RegularExpressions;
using Bowline.Rendering.Helm.Functions;

namespace Bowline.Tests.Helm;

public sealed partial class FunctionListTests
{
    /// <summary>Go's builtins, Sprig 3.3.0 without env and expandenv, and Helm's own: as many as the goldens' README counts in Helm 3.21.4.</summary>
    private const int FunctionsOfHelm = 238;

    /// <summary>Functions are looked for where their calls have known outcomes: the goldens and what real Go answered.</summary>
    [SharedFact]
    public void Every_function_of_helm_is_there_and_called_by_a_test()
    {
        string[] names = [.. HelmFunctions.Table.Names, "and", "call", "html", "index", "slice", "js", "len", "not", "or", "print", "printf", "println", "urlquery", "eq", "ge", "gt", "le", "lt", "ne"];
        string[] all = [.. names.Distinct().Order(StringComparer.Ordinal)];
        HashSet<string> called = [.. Texts().SelectMany(text => Words().Matches(text).Select(word => word.Value))];
        Assert.Equal([], all.Where(name => !called.Contains(name)));
        Assert.True(all.Length == FunctionsOfHelm, $"{all.Length}: {string.Join(' ', all)}");
    }

    private static IEnumerable<string> Texts() => Directory.EnumerateFiles(SharedFolder.Goldens("helm"), "*", SearchOption.AllDirectories)
        .Where(file => file.Contains("/templates/", StringComparison.Ordinal) && file.Contains("/own-", StringComparison.Ordinal))
        .Append(Path.Combine(SharedFolder.Checkout, "tests", "Rendering.Tests", "Helm", "GoAnswers", "answers.jsonl"))
        .Select(File.ReadAllText);

    [GeneratedRegex("[A-Za-z_][A-Za-z0-9_]*", RegexOptions.CultureInvariant)]
    private static partial Regex Words();
}
