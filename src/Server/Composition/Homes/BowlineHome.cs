using System.Security.Cryptography;
using System.Text;

namespace Bowline.Server.Composition.Homes;

/// <summary>Where Bowline keeps what is its own on this machine: kubeconfigs and mirrors of repositories.</summary>
internal static class BowlineHome
{
    /// <summary><c>BOWLINE_HOME</c>, or <c>~/.bowline</c>.</summary>
    public static string Folder { get; } = Environment.GetEnvironmentVariable("BOWLINE_HOME") is { Length: > 0 } set
        ? Path.GetFullPath(set)
        : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".bowline");

    /// <summary>A name with a few digits of the hash of what it stands for, so that two of the same name do not meet.</summary>
    public static string NameFor(string name, string whole) => $"{name}-{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(whole)))[..8]}";
}
