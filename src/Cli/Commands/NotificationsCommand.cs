using System.CommandLine;
using Bowline.Notifications.Model;
using Bowline.Notifications.Triggers;
using Bowline.Resources.Yaml;
using Bowline.Server.Composition;
using Bowline.Server.Composition.Verbs;

namespace Bowline.Cli.Commands;

/// <summary><c>bowline notifications</c>: tries triggers and templates, as <c>argocd admin notifications</c> does.</summary>
internal static class NotificationsCommand
{
    public static Command Create(TimeProvider time)
    {
        Command trigger = new("trigger", "Work with triggers.") { Run(time) };
        Command template = new("template", "Work with templates.") { Notify(time) };
        Command command = new("notifications", "Try the triggers and templates of argocd-notifications-cm.") { trigger, template };
        Flags.Finish(trigger, string.Empty);
        Flags.Finish(template, string.Empty);
        Flags.Finish(command, """
            # Does the trigger fire for this application?
            bowline notifications trigger run on-sync-failed my-app
            # What would the template say?
            bowline notifications template notify app-sync-failed my-app
            """);
        return command;
    }

    private static Command Run(TimeProvider time)
    {
        SourceFlags sources = new();
        Command command = new("run", "Say which conditions of a trigger hold for an application.");
        Argument<string> name = new("trigger") { HelpName = "NAME", Description = "The trigger" };
        command.Arguments.Add(name);
        sources.AddTo(command);
        Flags.Finish(command, """
            # With the configuration and the application of a cluster
            bowline notifications trigger run on-sync-failed my-app
            # With files
            bowline notifications trigger run on-sync-failed ./app.yaml --config-map ./argocd-notifications-cm.yaml
            """);
        command.SetAction(async (parse, cancellationToken) =>
        {
            using NotificationSession session = await OpenAsync(sources.Read(parse), time, cancellationToken).ConfigureAwait(false);
            return await SayingAsync(async () =>
            {
                IReadOnlyList<(string When, ConditionResult Result)> results = await session.Trial.RunAsync(parse.GetValue(name)!, cancellationToken).ConfigureAwait(false);
                int width = results.Select(row => Line(row.When).Length).Append("CONDITION".Length).Max() + 2;
                Console.WriteLine("CONDITION".PadRight(width) + "RESULT");
                foreach ((string when, ConditionResult result) in results)
                {
                    Console.WriteLine(Line(when).PadRight(width) + (result.IsTriggered ? "true" : "false"));
                    if (result.Problem.Length > 0)
                    {
                        Console.Error.WriteLine(result.Problem);
                    }
                }
            }).ConfigureAwait(false);
        });
        return command;
    }

    private static Command Notify(TimeProvider time)
    {
        SourceFlags sources = new();
        Argument<string> name = new("template") { HelpName = "NAME", Description = "The template" };
        Option<string> recipient = new("--recipient") { Description = "Send it to this recipient instead of printing it", HelpName = "SERVICE:RECIPIENT", DefaultValueFactory = _ => string.Empty };
        Command command = new("notify", "Print what a template says of an application, or send it.") { name };
        sources.AddTo(command);
        command.Options.Add(recipient);
        Flags.Finish(command, """
            # What would the template say?
            bowline notifications template notify app-sync-failed my-app
            # Send it to a channel
            bowline notifications template notify app-sync-failed my-app --recipient slack:my-channel
            """);
        command.SetAction(async (parse, cancellationToken) =>
        {
            using NotificationSession session = await OpenAsync(sources.Read(parse), time, cancellationToken).ConfigureAwait(false);
            return await SayingAsync(async () =>
            {
                string to = parse.GetValue(recipient)!;
                Destination destination = Destination.Parse(to.Length > 0 ? to : "console:stdout");
                Notification notification = await session.Trial.RenderAsync(parse.GetValue(name)!, destination, cancellationToken).ConfigureAwait(false);
                if (destination.Service == "console")
                {
                    Console.Write(YamlWriter.ToText(notification.Content));
                    return;
                }

                await session.Trial.SendAsync(notification, destination, cancellationToken).ConfigureAwait(false);
                Console.WriteLine($"sent to {destination}");
            }).ConfigureAwait(false);
        });
        return command;
    }

    private static async Task<NotificationSession> OpenAsync(NotificationSources sources, TimeProvider time, CancellationToken cancellationToken)
    {
        NotificationSession session = await NotificationSession.OpenAsync(sources, time, cancellationToken).ConfigureAwait(false);
        foreach (object problem in session.Settings.Problems)
        {
            Console.Error.WriteLine(problem);
        }

        return session;
    }

    private static async Task<int> SayingAsync(Func<Task> work)
    {
        try
        {
            await work().ConfigureAwait(false);
            return ExitCodes.Success;
        }
        catch (NotificationException failed)
        {
            Console.Error.WriteLine(failed.Message);
            return ExitCodes.Failure;
        }
    }

    private static string Line(string condition) => string.Join(' ', condition.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));

    private sealed class SourceFlags
    {
        private readonly Argument<string> application = new("application") { HelpName = "APP", Description = "The application: its name in the cluster, or a file" };
        private readonly Option<string> configMap = Text("--config-map", "Read argocd-notifications-cm from this file", "FILE", string.Empty);
        private readonly Option<string> secret = Text("--secret", "Read argocd-notifications-secret from this file", "FILE", string.Empty);
        private readonly Option<string> kubeconfig = Text("--kubeconfig", "Use this kubeconfig", "FILE", string.Empty);
        private readonly Option<string> context = Text("--context", "Use this context of the kubeconfig", "NAME", string.Empty);
        private readonly Option<string> @namespace = Text("--argocd-namespace", "Where Argo CD's objects are (default \"argocd\")", "NAME", "argocd");

        public void AddTo(Command command)
        {
            command.Arguments.Add(application);
            foreach (Option option in (Option[])[configMap, secret, kubeconfig, context, @namespace])
            {
                command.Options.Add(option);
            }
        }

        public NotificationSources Read(ParseResult parse) => new(parse.GetValue(application)!)
        {
            ConfigMapFile = parse.GetValue(configMap)!,
            SecretFile = parse.GetValue(secret)!,
            Kubeconfig = parse.GetValue(kubeconfig)!,
            Context = parse.GetValue(context)!,
            ArgoCdNamespace = parse.GetValue(@namespace)!,
        };

        private static Option<string> Text(string name, string description, string helpName, string otherwise) =>
            new(name) { Description = description, HelpName = helpName, DefaultValueFactory = _ => otherwise };
    }
}
