using System.CommandLine;
using Bowline.Applications.Model;
using Bowline.Cli.Output;
using Bowline.Delivery.Health;
using Bowline.Server.Composition;
using Bowline.Server.Composition.Verbs;

namespace Bowline.Cli.Commands;

/// <summary><c>bowline explain</c>: the chain of causes, down to the file and line of what would fix it.</summary>
internal static class ExplainCommand
{
    private const string Examples = """
        # Why is the application not Synced and Healthy?
        bowline explain my-app
        # Why is this one object of it not healthy?
        bowline explain my-app deployment/web
        """;

    public static Command Create(TimeProvider time)
    {
        TargetFlags target = new();
        Argument<string> application = OperatorCommands.Application(ArgumentArity.ExactlyOne, "The application");
        Argument<string> resource = new("resource") { HelpName = "RESOURCE", Description = "Only this object: KIND/NAME, KIND/NAMESPACE/NAME or NAME", Arity = ArgumentArity.ZeroOrOne, DefaultValueFactory = _ => string.Empty };
        Option<string> output = Flags.Output("text", "json");
        Command command = new("explain", "Say why an application is not Synced and Healthy: effect and causes, with file and line of what would fix it.") { application, resource, output };
        target.AddWithRepositoryTo(command);
        Flags.Finish(command, Examples);
        command.SetAction(async (parse, cancellationToken) =>
        {
            ExplainSession session = new(target.ReadWithRepository(parse), time);
            Explanation explanation = await session.ExplainAsync(parse.GetValue(application)!, parse.GetValue(resource)!, cancellationToken).ConfigureAwait(false);
            Console.Error.WriteLine($"Looked at {explanation.Against}.");
            (parse.GetValue(output) == "json" ? ExplanationWriter.WriteJson : (Action<TextWriter, Explanation>)ExplanationWriter.WriteText)(Console.Out, explanation);
            return explanation is { Sync: SyncState.Synced, Health.Status: HealthStatus.Healthy or HealthStatus.Suspended } ? ExitCodes.Success : ExitCodes.Failure;
        });
        return command;
    }
}
