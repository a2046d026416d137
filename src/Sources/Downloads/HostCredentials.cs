using System.Text;

namespace Bowline.Sources.Downloads;

/// <summary>User and password (or token) for one host.</summary>
public sealed record HostCredentials(string Username, string Password)
{
    public override string ToString() => "***";

    internal string Basic => "Basic " + Convert.ToBase64String(Encoding.UTF8.GetBytes($"{Username}:{Password}"));
}
