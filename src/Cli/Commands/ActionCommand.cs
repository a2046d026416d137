using System.CommandLine;
using Bowline.Delivery.Health;
using Bowline.Resources.Model;
using Bowline.Server.Composition;
using Bowline.Server.Composition.Verbs;

namespace Bowline.Cli.Commands;

/// <summary><c>bowline action</c>: what one can do to an object, and doing it.</summary>
internal static class ActionCommand
{
    private const string Examples = """
        # What can be done to the object?
        bowline action my-app deployment/web
        # Do it
        bowline action my-app deployment/web restart
        bowline action my-app deployment/web scale --param replicas=3
        """;

    public static Command Create(TimeProvider time)
    {
        TargetFlags target = new();
        Argument<string> application = OperatorCommands.Application(ArgumentArity.ExactlyOne, "The application");
        Argument<string> resource = new("resource") { HelpName = "RESOURCE", Description = "An object of it: KIND/NAME, KIND/NAMESPACE/NAME or NAME" };
        Argument<string> action = new("action") { HelpName = "ACTION", Description = "What to do (default only list what can be done)", Arity = ArgumentArity.ZeroOrOne, DefaultValueFactory = _ => string.Empty };
        Option<string[]> given = Flags.Many("--param", "A parameter of the action (repeatable)", "NAME=VALUE");
        Command command = new("action", "List or run the actions of an object: those of argocd-cm in Lua, restart and the like.") { application, resource, action, given };
        target.AddWithRepositoryTo(command);
        Flags.Finish(command, Examples);
        command.SetAction(async (parse, cancellationToken) =>
        {
            ActionSession session = new(target.ReadWithRepository(parse), time);
            string name = parse.GetValue(application)!;
            string subject = parse.GetValue(resource)!;
            if (parse.GetValue(action) is not { Length: > 0 } asked)
            {
                foreach (ResourceAction offered in (await session.ListAsync(name, subject, cancellationToken).ConfigureAwait(false)).OrderBy(offered => offered.Name, StringComparer.Ordinal))
                {
                    string parameters = string.Concat(offered.Parameters.Select(parameter => $" --param {parameter.Name}={parameter.Default}"));
                    Console.Out.WriteLine($"{offered.Name}{parameters}{(offered.Disabled ? " (not as it stands now)" : string.Empty)}");
                }

                return ExitCodes.Success;
            }

            MapNode told = [];
            foreach (string parameter in parse.GetValue(given)!)
            {
                (string key, string value) = Flags.Pair("--param", parameter);
                told[key] = value;
            }

            foreach (string done in await session.RunAsync(name, subject, asked, told, cancellationToken).ConfigureAwait(false))
            {
                Console.Out.WriteLine(done);
            }

            return ExitCodes.Success;
        });
        return command;
    }
}
