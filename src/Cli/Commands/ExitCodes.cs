namespace Bowline.Cli.Commands;

internal static class ExitCodes
{
    public const int Success = 0;

    /// <summary>Something is not Synced and Healthy, or could not be rendered; for <c>diff</c>: there are differences.</summary>
    public const int Failure = 1;

    public const int WrongUsage = 2;

    /// <summary>For <c>diff</c>, as kubectl has it: something went wrong, beyond there being differences.</summary>
    public const int Trouble = 2;

    /// <summary>128 + SIGINT, as shells report a program that ended by Ctrl-C.</summary>
    public const int Interrupted = 130;
}
