using System.CommandLine;
using Bowline.Applications.Adopting;
using Bowline.Cli.Output;
using Bowline.Server.Composition;
using Bowline.Server.Composition.Up;
using Bowline.Server.Composition.Verbs;

namespace Bowline.Cli.Commands;

/// <summary><c>bowline adopt</c> and <c>bowline release</c>: from Argo CD to Bowline and back, in a cluster where Argo CD runs.</summary>
internal static class AdoptCommand
{
    private const string AdoptExamples = """
        # What would be taken over, and what stands against it?
        bowline adopt --context production --dry-run
        # Stop Argo CD's controllers and keep what they delivered, without a write to any of it
        bowline adopt --context production --yes
        """;

    private const string ReleaseExamples = """
        # Give the applications back to Argo CD
        bowline release --context production --yes
        """;

    public static Command Adopt(TimeProvider time)
    {
        AdoptFlags flags = new();
        Option<string> timeout = new("--timeout") { Description = "How long Argo CD's controllers may take to end (default 2m)", HelpName = "DURATION", DefaultValueFactory = _ => "2m" };
        Command command = flags.Create("adopt", "Take over the Applications of an Argo CD that runs in a cluster, without touching what it delivered.", timeout);
        Flags.Finish(command, AdoptExamples);
        command.SetAction(async (parse, cancellationToken) =>
        {
            TimeSpan patience = Flags.ParseDuration("--timeout", parse.GetValue(timeout)!);
            using AdoptSession session = new(flags.Read(parse), time);
            AdoptionPlan plan = await session.Adoption.PlanAsync(cancellationToken).ConfigureAwait(false);
            AdoptionText.WritePlan(Console.Out, plan, session.Cluster);
            if (plan.Obstacles.Count > 0 || flags.IsTrial(parse))
            {
                return plan.Obstacles.Count > 0 ? ExitCodes.Failure : ExitCodes.Success;
            }

            flags.Agree(parse, $"Stop Argo CD in {session.Cluster} and take over {plan.Applications.Count} applications?");
            AdoptionText.WriteTaken(Console.Out, await session.Adoption.TakeOverAsync(patience, cancellationToken).ConfigureAwait(false));
            return ExitCodes.Success;
        });
        return command;
    }

    public static Command Release(TimeProvider time)
    {
        AdoptFlags flags = new();
        Command command = flags.Create("release", "Give adopted applications back to Argo CD, without touching what was delivered.");
        Flags.Finish(command, ReleaseExamples);
        command.SetAction(async (parse, cancellationToken) =>
        {
            using AdoptSession session = new(flags.Read(parse), time);
            AdoptionPlan plan = await session.Adoption.PlanAsync(cancellationToken).ConfigureAwait(false);
            AdoptionText.WriteReturn(Console.Out, plan, session.Cluster);
            if (flags.IsTrial(parse))
            {
                return ExitCodes.Success;
            }

            flags.Agree(parse, $"Give {plan.Applications.Count} applications in {session.Cluster} back to Argo CD?");
            await session.Adoption.ReleaseAsync(cancellationToken).ConfigureAwait(false);
            Console.Out.WriteLine($"{plan.Applications.Count} applications are Argo CD's again");
            return ExitCodes.Success;
        });
        return command;
    }

    private sealed class AdoptFlags
    {
        private readonly Option<string> kubeconfig = new("--kubeconfig") { Description = "The kubeconfig of the cluster (default kubectl's)", HelpName = "FILE", DefaultValueFactory = _ => string.Empty };
        private readonly Option<string> context = new("--context") { Description = "Use this context of the kubeconfig (default the current one)", HelpName = "NAME", DefaultValueFactory = _ => string.Empty };
        private readonly Option<string> @namespace = new("--argocd-namespace") { Description = "Where Argo CD is installed (default \"argocd\")", HelpName = "NAME", DefaultValueFactory = _ => "argocd" };
        private readonly Option<string[]> applicationNamespaces = TargetFlags.ApplicationNamespaces();
        private readonly Option<string[]> allowExec = Flags.Many("--allow-exec", "A program that the kubeconfig or a cluster Secret may run to log in, such as aws (repeatable)", "NAME");
        private readonly Option<bool> trial = new("--dry-run") { Description = "Only say what would be done" };
        private readonly Option<bool> yes = new("--yes", "-y") { Description = "Do not ask" };

        public Command Create(string name, string description, params Option[] more)
        {
            Command command = new(name, description);
            foreach (Option option in (Option[])[kubeconfig, context, @namespace, applicationNamespaces, allowExec, trial, yes, .. more])
            {
                command.Options.Add(option);
            }

            return command;
        }

        public UpOptions Read(ParseResult parse) => new(string.Empty)
        {
            TargetKubeconfig = parse.GetValue(kubeconfig)!,
            TargetContext = parse.GetValue(context)!,
            ArgoCdNamespace = parse.GetValue(@namespace)!,
            ApplicationNamespaces = TargetFlags.ReadNamespaces(parse.GetValue(applicationNamespaces)!),
            AllowedExecPlugins = parse.GetValue(allowExec)!.ToHashSet(StringComparer.Ordinal),
        };

        public bool IsTrial(ParseResult parse) => parse.GetValue(trial);

        /// <exception cref="UsageException">Nobody is there to ask.</exception>
        /// <exception cref="OperationCanceledException">The answer is no.</exception>
        public void Agree(ParseResult parse, string question)
        {
            if (parse.GetValue(yes))
            {
                return;
            }

            if (Console.IsInputRedirected)
            {
                throw new UsageException($"{question} Say --yes, or --dry-run to only look");
            }

            Console.Error.Write($"{question} [y/N] ");
            if (Console.In.ReadLine()?.Trim() is not ("y" or "Y" or "yes"))
            {
                throw new OperationCanceledException();
            }
        }
    }
}
