using System.CommandLine;
using Bowline.Cli.Output;
using Bowline.Server.Composition;
using Bowline.Server.Composition.Up;
using Bowline.Server.Composition.Verbs;

namespace Bowline.Cli.Commands;

/// <summary><c>bowline plan</c>: what a sync would do, without doing it.</summary>
internal static class PlanCommand
{
    private const string Examples = """
        # What would happen to one application of the repository in the current folder
        bowline plan my-app
        # The same for every application, as a document for programs
        bowline plan --repo ../my-gitops --output json
        """;

    public static Command Create(TimeProvider time)
    {
        TargetFlags target = new();
        Argument<string> application = OperatorCommands.Application(ArgumentArity.ZeroOrOne, "Only this application");
        Option<string> output = Flags.Output("text", "json");
        Command command = new("plan", "Show what a sync would do: what, why, from which file and line, in which wave, behind which gates.") { application, output };
        target.AddWithRepositoryTo(command);
        Flags.Finish(command, Examples);
        command.SetAction(async (parse, cancellationToken) =>
        {
            UpOptions options = target.ReadWithRepository(parse);
            string only = parse.GetValue(application)!;
            if (!target.NamesRepository(parse) && await IsFolderAsync(options, only, time, cancellationToken).ConfigureAwait(false))
            {
                (options, only) = (options with { Path = only }, string.Empty);
            }

            DiffReport report = await new DiffSession(options, time).CompareAsync(only, cancellationToken).ConfigureAwait(false);
            (parse.GetValue(output) == "json" ? PlanWriter.WriteJson : (Action<TextWriter, DiffReport>)PlanWriter.WriteText)(Console.Out, report);
            return report.Faults.Count > 0 ? ExitCodes.Failure : ExitCodes.Success;
        });
        return command;
    }

    /// <summary>
    /// As with up and diff, a folder may stand in the place of the application. What is an application of the current folder as well as a folder
    /// in it is the application, and that is said: many repositories keep an application in the folder of its name.
    /// </summary>
    private static async Task<bool> IsFolderAsync(UpOptions options, string named, TimeProvider time, CancellationToken cancellationToken)
    {
        if (named is "." or ".." || named.Contains('/', StringComparison.Ordinal))
        {
            return true;
        }

        if (named.Length == 0 || !Directory.Exists(named))
        {
            return false;
        }

        if (!await new DiffSession(options, time).DeclaresAsync(named, cancellationToken).ConfigureAwait(false))
        {
            return true;
        }

        Console.Error.WriteLine($"{named}: the application of the repository here is planned; say ./{named} for the folder");
        return false;
    }
}
