namespace Bowline.Server.Composition;

/// <summary>Where Bowline keeps what is its own on this machine: kubeconfigs and mirrors of repositories.</summary>
internal static class BowlineHome
{
    /// <summary><c>BOWLINE_HOME</c>, or <c>~/.bowline</c>.</summary>
    public static string Folder { get; } = Environment.GetEnvironmentVariable("BOWLINE_HOME") is { Length: > 0 } set
        ? Path.GetFullPath(set)
        : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".bowline");
}
