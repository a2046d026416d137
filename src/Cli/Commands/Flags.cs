using System.CommandLine;
using System.CommandLine.Help;
using System.Globalization;
using System.Net;
using Bowline.Server.Composition;

namespace Bowline.Cli.Commands;

/// <summary>What several commands' flags have in common.</summary>
internal static class Flags
{
    public static Argument<string> Path(string description)
    {
        Argument<string> path = new("path") { HelpName = "PATH", Description = description, DefaultValueFactory = _ => "." };
        path.Validators.Add(static result =>
        {
            // Without this a mistyped flag would be taken for the path.
            if (result.Tokens is [{ Value: ['-', ..] flag }])
            {
                result.AddError($"unknown flag: {flag}");
            }
        });
        return path;
    }

    public static Option<string> Output(params string[] formats)
    {
        Option<string> option = new("--output", "-o") { Description = $"Output format: {string.Join(" or ", formats)}", HelpName = string.Join('|', formats), DefaultValueFactory = _ => formats[0] };
        option.AcceptOnlyFromAmong(formats);
        return option;
    }

    public static Option<bool> AllowRemoteFiles() =>
        new("--allow-remote-files") { Description = "Kustomize: read resources and patches that are URLs of single files" };

    public static Option<string[]> AllowHost() =>
        Many("--allow-host", "A host that generators and notifications may ask although it is this machine, or what only it can reach (repeatable)", "NAME");

    /// <summary>A flag that may be given several times.</summary>
    public static Option<string[]> Many(string name, string description, string helpName, params string[] aliases) =>
        new(name, aliases) { Description = description, HelpName = helpName, Arity = ArgumentArity.OneOrMore, AllowMultipleArgumentsPerToken = false, DefaultValueFactory = _ => [] };

    public static void Finish(Command command, string examples) =>
        command.Options.Add(new HelpOption { Description = "Show this help", Action = new HelpText(examples) });

    /// <summary>Go durations as kubectl takes them: <c>90s</c>, <c>5m</c>, <c>1h30m</c>, <c>500ms</c>.</summary>
    public static TimeSpan ParseDuration(string flag, string text)
    {
        double seconds = 0;
        int at = 0;
        while (at < text.Length)
        {
            int digits = at;
            while (at < text.Length && (char.IsAsciiDigit(text[at]) || text[at] == '.'))
            {
                at++;
            }

            int unit = at;
            while (at < text.Length && char.IsAsciiLetter(text[at]))
            {
                at++;
            }

            double? scale = text[unit..at] switch { "h" => 3600, "m" => 60, "s" => 1, "ms" => 0.001, _ => null };
            if (scale is null || !double.TryParse(text[digits..unit], NumberStyles.Float, CultureInfo.InvariantCulture, out double value))
            {
                throw new UsageException($"{flag} {text}: not a duration (like 90s, 5m or 1h30m)");
            }

            seconds += value * scale.Value;
        }

        return text.Length > 0 ? TimeSpan.FromSeconds(seconds) : throw new UsageException($"{flag}: a duration is missing (like 90s, 5m or 1h30m)");
    }

    /// <summary><c>HOST:PORT</c> or <c>:PORT</c>, the latter on every address.</summary>
    public static IPEndPoint ParseAddress(string flag, string text) =>
        IPEndPoint.TryParse(text.StartsWith(':') ? $"0.0.0.0{text}" : text.Replace("localhost:", "127.0.0.1:", StringComparison.Ordinal), out IPEndPoint? address) && text.Contains(':', StringComparison.Ordinal) ? address
        : throw new UsageException($"{flag} {text}: expected HOST:PORT, such as 127.0.0.1:8080 or :8080");

    /// <summary>Splits <c>NAME=VALUE</c>.</summary>
    public static (string Name, string Value) Pair(string flag, string text)
    {
        int equals = text.IndexOf('=', StringComparison.Ordinal);
        return equals > 0 && equals < text.Length - 1 ? (text[..equals], text[(equals + 1)..]) : throw new UsageException($"{flag} {text}: expected NAME=VALUE");
    }
}
