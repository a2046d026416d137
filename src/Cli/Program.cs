using Bowline.Cli.Commands;

return await BowlineCommand.RunAsync(args).ConfigureAwait(false);
