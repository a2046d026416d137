using System.CommandLine;
using Bowline.Cli.Output;
using Bowline.Server.Composition;
using Bowline.Server.Composition.Verbs;

namespace Bowline.Cli.Commands;

/// <summary><c>bowline diff</c>: what <c>up</c> would change. Exit codes as kubectl's: 0 nothing, 1 differences, more than 1 trouble.</summary>
internal static class DiffCommand
{
    private const string Examples = """
        # Compare a repository with the clusters that a running 'bowline up' delivers it to, or with empty ones
        bowline diff .
        # One application against a real cluster
        bowline diff . my-app --context production
        """;

    public static Command Create(TimeProvider time)
    {
        TargetFlags target = new();
        Argument<string> application = new("application") { HelpName = "APP", Description = "Only this application", Arity = ArgumentArity.ZeroOrOne, DefaultValueFactory = _ => string.Empty };
        Command command = new("diff", "Show what up would change; Secret values are never shown.") { target.Path, application };
        target.AddTo(command);
        Flags.Finish(command, Examples);
        command.SetAction(async (parse, cancellationToken) =>
        {
            DiffSession session = new(target.Read(parse), time);
            DiffReport report = await session.CompareAsync(parse.GetValue(application)!, cancellationToken).ConfigureAwait(false);
            DiffWriter.Write(Console.Out, Console.Error, report);
            return report.Faults.Count > 0 ? ExitCodes.Trouble : report.HasChanges ? ExitCodes.Failure : ExitCodes.Success;
        });
        return command;
    }
}
