using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;

namespace Bowline.Cli.Commands;

/// <summary>Help in the manner of kubectl and gh: what it does, how it is called, examples, then flags.</summary>
internal sealed class HelpText(string examples) : SynchronousCommandLineAction
{
    public const string Root = """
        Bowline delivers what a Git repository says to Kubernetes clusters, and keeps it so.

        Usage:
          bowline COMMAND [PATH] [flags]

        Deliver:
          up          Deliver a repository: to clusters in this process, or to a real one
          diff        Show what up would change
          plan        Show what a sync would do: what, why, from which file, in which wave, behind which gates

        Operate:
          sync        Sync an application now
          terminate   End an application's sync, with the hooks that run in it
          rollback    Deliver an earlier revision again, and hold automation until a newer commit
          resume      Let automation go on after a rollback or a terminated sync
          confirm     Agree to deletions that wait for a confirmation
          action      List or run what one can do to an object: restart and the like

        Move:
          adopt       Take over the Applications of an Argo CD that runs in a cluster
          release     Give them back to Argo CD

        Run:
          controller  Deliver the Applications that a cluster holds, as one of several replicas
          cluster     Run a Kubernetes cluster in this process, without deliveries

        Look:
          explain     Say why an application is not Synced and Healthy, down to what would fix it
          history     List what was delivered of an application
          render      Print the manifests of a chart, a kustomization or a directory
          health      Print the health of live objects in files
          dependency  Fetch the charts that a chart depends on
          notifications  Try the triggers and templates of argocd-notifications-cm
          version     Print the version

        Examples:
          # Bring up a repository on a laptop, and look at it with kubectl
          bowline up .
          # The same for CI: deliver, report as JSON, exit 0 only if all is Synced and Healthy
          bowline up . --once --output json
          # Deliver to the cluster that kubectl talks to
          bowline up . --context production

        Use "bowline COMMAND --help" for the flags of a command.
        """;

    public override int Invoke(ParseResult parseResult)
    {
        TextWriter output = parseResult.InvocationConfiguration.Output;
        Command command = parseResult.CommandResult.Command;
        if (command is RootCommand)
        {
            output.WriteLine(Root);
            return ExitCodes.Success;
        }

        output.WriteLine(command.Description);
        output.WriteLine();
        output.WriteLine("Usage:");
        output.WriteLine($"  bowline {string.Join(' ', (string[])[Path(command), .. command.Subcommands.Any() ? ["COMMAND"] : command.Arguments.Select(Usage)])} [flags]");
        output.WriteLine();
        if (examples.Length > 0)
        {
            output.WriteLine("Examples:");
            foreach (string line in examples.Split('\n'))
            {
                output.WriteLine($"  {line.TrimEnd()}");
            }

            output.WriteLine();
        }

        WriteSubcommands(output, command);
        output.WriteLine("Flags:");
        Option[] options = [.. command.Options.Where(option => !option.Hidden)];
        int width = options.Max(option => Signature(option).Length) + 3;
        foreach (Option option in options)
        {
            output.WriteLine($"  {Signature(option).PadRight(width)}{option.Description}");
        }

        return ExitCodes.Success;
    }

    /// <summary>The commands below one that does nothing itself, down to those that do.</summary>
    private static void WriteSubcommands(TextWriter output, Command command)
    {
        Command[] below = [.. Doing(command).Where(child => child != command)];
        if (below.Length == 0)
        {
            return;
        }

        output.WriteLine("Commands:");
        string NameOf(Command child) => string.Join(' ', (string[])[Path(child)[(Path(command).Length + 1)..], .. child.Arguments.Select(Usage)]);
        int width = below.Max(child => NameOf(child).Length) + 3;
        foreach (Command child in below)
        {
            output.WriteLine($"  {NameOf(child).PadRight(width)}{child.Description}");
        }

        output.WriteLine();
    }

    private static IEnumerable<Command> Doing(Command command) => command.Subcommands.Any() ? command.Subcommands.Where(child => !child.Hidden).SelectMany(Doing) : [command];

    private static string Path(Command command) =>
        command.Parents.OfType<Command>().FirstOrDefault() is { } parent and not RootCommand ? $"{Path(parent)} {command.Name}" : command.Name;

    private static string Usage(Argument argument) => argument.Arity.MinimumNumberOfValues == 0 ? $"[{argument.HelpName ?? argument.Name}]" : argument.HelpName ?? argument.Name;

    private static string Signature(Option option)
    {
        string? letter = option.Aliases.FirstOrDefault(alias => alias.Length == 2);
        string value = option.ValueType == typeof(bool) || option is HelpOption ? string.Empty : $" {option.HelpName ?? "VALUE"}";
        return $"{(letter is null ? "    " : letter + ", ")}{option.Name}{value}";
    }
}
