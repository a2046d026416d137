using System.CommandLine;
using Bowline.Delivery.Inventories;
using Bowline.Server.Composition;
using Bowline.Server.Composition.Up;
using Bowline.Server.Composition.Verbs;

namespace Bowline.Cli.Commands;

/// <summary>Verbs that ask something of whoever delivers an application, through the application's record in its cluster.</summary>
internal static class OperatorCommands
{
    public static Argument<string> Application(ArgumentArity arity, string description) =>
        new("application") { HelpName = "APP", Description = description, Arity = arity, DefaultValueFactory = _ => string.Empty };

    public static Command Sync(TimeProvider time) => Create(time, "sync", "Sync an application now, also when automation is off, held or has given up.", """
        # Try again at once, whatever the retry policy says
        bowline sync my-app
        """);

    public static Command Terminate(TimeProvider time) => Create(time, "terminate", "End an application's sync with the hooks that run in it; a newer commit, sync or resume goes on.", """
        # Stop a sync that hangs
        bowline terminate my-app
        """);

    public static Command Resume(TimeProvider time) => Create(time, "resume", "Let automation go on after a rollback or a terminated sync.", """
        # Deliver what the repository says again
        bowline resume my-app
        """);

    public static Command Confirm(TimeProvider time) => Create(time, "confirm", "Agree to the deletions of an application that wait for a confirmation (Prune=confirm, Delete=confirm).", """
        # Let the sync delete what waits for it
        bowline confirm my-app
        """);

    private static Command Create(TimeProvider time, string verb, string description, string examples)
    {
        TargetFlags target = new();
        Argument<string> application = Application(ArgumentArity.ExactlyOne, "The application");
        Option<string> timeout = Timeout();
        Command command = new(verb, description) { application };
        command.Options.Add(timeout);
        target.AddWithRepositoryTo(command);
        Flags.Finish(command, examples);
        command.SetAction(async (parse, cancellationToken) =>
        {
            TimeSpan patience = Flags.ParseDuration("--timeout", parse.GetValue(timeout)!);
            return await AskAsync(target.ReadWithRepository(parse), time, (parse.GetValue(application)!, verb, string.Empty), patience, cancellationToken).ConfigureAwait(false);
        });
        return command;
    }

    public static Option<string> Timeout() =>
        new("--timeout") { Description = "How long to wait until it is done (default 5m)", HelpName = "DURATION", DefaultValueFactory = _ => "5m" };

    /// <summary>Asks whoever delivers, and says what came of it.</summary>
    public static async Task<int> AskAsync(UpOptions options, TimeProvider time, (string Application, string Verb, string Argument) asked, TimeSpan patience, CancellationToken cancellationToken)
    {
        using OperatorSession session = OperatorSession.Open(options, time);
        RequestAnswer? answer = await session.AskAsync(asked.Application, asked.Verb, asked.Argument, patience, cancellationToken).ConfigureAwait(false);
        if (answer is null)
        {
            Console.Error.WriteLine($"{asked.Application}: nobody delivers it at the moment; the request is kept, and the next 'bowline up' carries it out");
            return ExitCodes.Failure;
        }

        (answer.Succeeded ? Console.Out : Console.Error).WriteLine($"{asked.Application}: {answer.Message}");
        return answer.Succeeded ? ExitCodes.Success : ExitCodes.Failure;
    }
}
