using System.CommandLine;
using Bowline.Delivery.Inventories;
using Bowline.Server.Composition;

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

    public static Command Rollback(TimeProvider time)
    {
        Argument<string> delivery = new("id") { HelpName = "ID", Description = "A delivery of 'bowline history' (default the one before the present)", Arity = ArgumentArity.ZeroOrOne, DefaultValueFactory = _ => string.Empty };
        return Create(time, "rollback", "Deliver an earlier revision again, hooks and prunes included, and hold automation until a newer commit or resume.", """
            # Back to what was delivered before
            bowline rollback my-app
            # Back to a delivery of the history
            bowline rollback my-app 3
            """, delivery);
    }

    private static Command Create(TimeProvider time, string verb, string description, string examples, Argument<string>? argument = null)
    {
        TargetFlags target = new();
        Argument<string> application = Application(ArgumentArity.ExactlyOne, "The application");
        Option<string> timeout = new("--timeout") { Description = "How long to wait until it is done (default 5m)", HelpName = "DURATION", DefaultValueFactory = _ => "5m" };
        Command command = new(verb, description) { application };
        if (argument is not null)
        {
            command.Arguments.Add(argument);
        }

        command.Options.Add(timeout);
        target.AddWithRepositoryTo(command);
        Flags.Finish(command, examples);
        command.SetAction(async (parse, cancellationToken) =>
        {
            string name = parse.GetValue(application)!;
            TimeSpan patience = Flags.ParseDuration("--timeout", parse.GetValue(timeout)!);
            using OperatorSession session = OperatorSession.Open(target.ReadWithRepository(parse), time);
            RequestAnswer? answer = await session.AskAsync(name, verb, argument is null ? string.Empty : parse.GetValue(argument)!, patience, cancellationToken).ConfigureAwait(false);
            if (answer is null)
            {
                Console.Error.WriteLine($"{name}: nobody delivers it at the moment; the request is kept, and the next 'bowline up' carries it out");
                return ExitCodes.Failure;
            }

            (answer.Succeeded ? Console.Out : Console.Error).WriteLine($"{name}: {answer.Message}");
            return answer.Succeeded ? ExitCodes.Success : ExitCodes.Failure;
        });
        return command;
    }
}
