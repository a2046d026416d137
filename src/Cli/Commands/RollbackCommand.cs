using System.CommandLine;
using Bowline.Server.Composition;
using Bowline.Server.Composition.Fetching;
using Bowline.Server.Composition.Up;
using Bowline.Server.Composition.Verbs;

namespace Bowline.Cli.Commands;

/// <summary><c>bowline rollback</c>: back to an earlier delivery, either until a newer commit comes or by a commit that reverts.</summary>
internal static class RollbackCommand
{
    private const string Examples = """
        # Back to what was delivered before
        bowline rollback my-app
        # Back to a delivery of the history
        bowline rollback my-app 3
        # Back by a commit that reverts what concerns the application; first only say what it would be
        bowline rollback my-app --git-revert --dry-run
        """;

    public static Command Create(TimeProvider time)
    {
        TargetFlags target = new();
        Argument<string> application = OperatorCommands.Application(ArgumentArity.ExactlyOne, "The application");
        Argument<string> delivery = new("id") { HelpName = "ID", Description = "A delivery of 'bowline history' (default the one before the present)", Arity = ArgumentArity.ZeroOrOne, DefaultValueFactory = _ => string.Empty };
        Option<bool> revert = new("--git-revert") { Description = "Commit a revert to the branch that is followed, and push it where the repository is a remote one" };
        Option<bool> dryRun = new("--dry-run") { Description = "With --git-revert: say what would be reverted, and write nothing" };
        Option<string> author = Text("--author", "With --git-revert: the commit's author (default as Git is configured)", "'NAME <MAIL>'");
        Option<string> reason = Text("--reason", "With --git-revert: why, for the commit's message", "TEXT");
        Option<string> timeout = OperatorCommands.Timeout();
        Command command = new("rollback", "Deliver an earlier revision again, hooks and prunes included, and hold automation until a newer commit or resume.") { application, delivery, revert, dryRun, author, reason, timeout };
        target.AddWithRepositoryTo(command);
        Flags.Finish(command, Examples);
        command.SetAction(async (parse, cancellationToken) =>
        {
            UpOptions options = target.ReadWithRepository(parse);
            string name = parse.GetValue(application)!;
            string id = parse.GetValue(delivery)!;
            if (parse.GetValue(revert))
            {
                RevertOptions asked = new(name, id) { Author = parse.GetValue(author)!, Reason = parse.GetValue(reason)!, DryRun = parse.GetValue(dryRun) };
                Write(name, await new RevertSession(options, time).RevertAsync(asked, cancellationToken).ConfigureAwait(false));
                return ExitCodes.Success;
            }

            if (parse.GetValue(dryRun) || parse.GetValue(author)!.Length + parse.GetValue(reason)!.Length > 0)
            {
                throw new UsageException("--dry-run, --author and --reason go with --git-revert");
            }

            TimeSpan patience = Flags.ParseDuration("--timeout", parse.GetValue(timeout)!);
            return await OperatorCommands.AskAsync(options, time, (name, "rollback", id), patience, cancellationToken).ConfigureAwait(false);
        });
        return command;
    }

    private static void Write(string application, IReadOnlyList<WrittenRevert> reverts)
    {
        foreach ((var plan, string commit) in reverts)
        {
            string where = $"{plan.Branch} of {plan.Repository}";
            Console.Out.WriteLine(commit.Length == 0 ? $"{application}: would revert on {where}:" : $"{application}: {commit[..7]} {(plan.IsPushed ? "pushed to" : "committed on")} {where} reverts:");
            foreach (var reverted in plan.Commits)
            {
                Console.Out.WriteLine($"  {reverted.Id[..7]} {reverted.Subject}{(reverted.IsMerge ? "  (a merge: all that it brought; to merge the same branch again, revert this revert first)" : string.Empty)}");
            }

            Console.Out.WriteLine($"  changes: {string.Join(", ", plan.Files)}");
        }
    }

    private static Option<string> Text(string name, string description, string helpName) =>
        new(name) { Description = description, HelpName = helpName, DefaultValueFactory = _ => string.Empty };
}
