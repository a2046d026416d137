using System.CommandLine;
using System.Reflection;
using Bowline.Applications.Model;
using Bowline.Cluster.Requests;
using Bowline.Rendering.Requests;
using Bowline.Resources.Yaml;
using Bowline.Server.Composition;
using Bowline.Sources.Files;
using ApplicationException = Bowline.Applications.Model.ApplicationException;

namespace Bowline.Cli.Commands;

/// <summary>The program: parses, runs a command, and turns what went wrong into one line and an exit code.</summary>
internal static class BowlineCommand
{
    public static async Task<int> RunAsync(string[] args)
    {
        // Answered before anything else is loaded: scripts ask for these often.
        switch (args)
        {
            case ["--version"] or ["version"]:
                Console.Out.WriteLine($"bowline {Version()}");
                return ExitCodes.Success;
            case [] or ["--help"] or ["-h"] or ["help"]:
                Console.Out.WriteLine(HelpText.Root);
                return ExitCodes.Success;
            default:
                return await ParseAndRunAsync(args).ConfigureAwait(false);
        }
    }

    private static async Task<int> ParseAndRunAsync(string[] args)
    {
        RootCommand root = new("Bowline delivers what a Git repository says to Kubernetes clusters.")
        {
            UpCommand.Create(TimeProvider.System),
            DiffCommand.Create(TimeProvider.System),
            PlanCommand.Create(TimeProvider.System),
            ExplainCommand.Create(TimeProvider.System),
            HistoryCommand.Create(TimeProvider.System),
            RollbackCommand.Create(TimeProvider.System),
            OperatorCommands.Resume(TimeProvider.System),
            OperatorCommands.Sync(TimeProvider.System),
            OperatorCommands.Terminate(TimeProvider.System),
            OperatorCommands.Confirm(TimeProvider.System),
            ActionCommand.Create(TimeProvider.System),
            ControllerCommand.Create(TimeProvider.System),
            AdoptCommand.Adopt(TimeProvider.System),
            AdoptCommand.Release(TimeProvider.System),
            RenderCommand.Create(),
            HealthCommand.Create(),
            DependencyCommand.Create(TimeProvider.System),
            ClusterCommand.Create(TimeProvider.System),
            NotificationsCommand.Create(TimeProvider.System),
        };
        ParseResult parse = root.Parse(args);
        if (parse.Errors.Count > 0 && parse.Action is not HelpText)
        {
            foreach (string error in parse.Errors.Select(error => error.Message).Distinct())
            {
                Console.Error.WriteLine($"error: {error}");
            }

            Command command = parse.CommandResult.Command;
            Console.Error.WriteLine($"See 'bowline {(command is RootCommand ? string.Empty : command.Name + " ")}--help'.");
            return ExitCodes.WrongUsage;
        }

        try
        {
            return await parse.InvokeAsync(new InvocationConfiguration { EnableDefaultExceptionHandler = false }).ConfigureAwait(false);
        }
        catch (UsageException wrong)
        {
            return Fail(wrong.Message, ExitCodes.WrongUsage);
        }
        catch (OperationCanceledException)
        {
            return ExitCodes.Interrupted;
        }
        catch (Exception expected) when (expected is ClusterException or SourceException or RenderException or YamlException or ApplicationException or IOException or UnauthorizedAccessException)
        {
            return Fail(expected.Message, ExitCodes.Failure);
        }
        catch (Exception bug) when (Environment.GetEnvironmentVariable("BOWLINE_DEBUG") is null)
        {
            return Fail($"internal error, please report it: {bug.GetType().Name}: {bug.Message} (BOWLINE_DEBUG=1 shows where)", ExitCodes.Failure);
        }
    }

    private static int Fail(string message, int code)
    {
        Console.Error.WriteLine($"error: {message}");
        return code;
    }

    private static string Version() =>
        typeof(BowlineCommand).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "unknown";
}
