using Bowline.Applications.ApplicationSets.Templates;

namespace Bowline.Applications.ApplicationSets.Generators;

/// <summary>One expansion of one set.</summary>
/// <param name="Set">The set's name.</param>
/// <param name="Project">The project of the set's template; empty when it is a template itself, which nobody knows before the parameters.</param>
internal sealed record GeneratorRun(string Set, string Project, ITemplateLanguage Language, GeneratorSources Sources)
{
    /// <summary>Most sets of parameters that one generator may come to, those inside of others included: a matrix multiplies.</summary>
    public const int MostParameters = 10_000;

    private readonly Dictionary<string, object> answers = new(StringComparer.Ordinal);

    /// <summary>What was asked once in this expansion is not asked again: a matrix asks its second generator for each element of the first.</summary>
    public async Task<T> OnceAsync<T>(string question, Func<Task<T>> ask)
        where T : class
    {
        if (!answers.TryGetValue(question, out object? answer))
        {
            answers[question] = answer = await ask().ConfigureAwait(false);
        }

        return (T)answer;
    }

    /// <exception cref="GeneratorException">There are too many.</exception>
    public static void CheckCount(int count)
    {
        if (count > MostParameters)
        {
            throw new GeneratorException($"generates more than {MostParameters} sets of parameters");
        }
    }
}
