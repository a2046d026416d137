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
            DiffReport report = target.NamesRepository(parse) || only.Length == 0
                ? await new DiffSession(options, time).CompareAsync(only, cancellationToken).ConfigureAwait(false)
                : await CompareNamedAsync(options, only, time, cancellationToken).ConfigureAwait(false);
            (parse.GetValue(output) == "json" ? PlanWriter.WriteJson : (Action<TextWriter, DiffReport>)PlanWriter.WriteText)(Console.Out, report);
            return report.Faults.Count > 0 ? ExitCodes.Failure : ExitCodes.Success;
        });
        return command;
    }

    /// <summary>
    /// As with up and diff, a folder may stand in the place of the application. What is an application of the current folder as well as a folder
    /// in it is the application, and that is said: many repositories keep an application in the folder of its name.
    /// </summary>
    private static async Task<DiffReport> CompareNamedAsync(UpOptions options, string named, TimeProvider time, CancellationToken cancellationToken)
    {
        DiffSession folder = new(options with { Path = named }, time);
        if (named is "." or ".." || named.Contains('/', StringComparison.Ordinal))
        {
            return await folder.CompareAsync(string.Empty, cancellationToken).ConfigureAwait(false);
        }

        bool isFolder = Directory.Exists(named);
        try
        {
            DiffReport report = await new DiffSession(options, time).CompareAsync(named, cancellationToken).ConfigureAwait(false);
            if (isFolder)
            {
                Console.Error.WriteLine($"{named}: the application of the repository here is planned; say ./{named} for the folder");
            }

            return report;
        }
        catch (UsageException) when (isFolder)
        {
            // The repository here has no application of this name, or there is none here.
            return await folder.CompareAsync(string.Empty, cancellationToken).ConfigureAwait(false);
        }
    }
}
