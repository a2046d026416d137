namespace Bowline.EmbeddedCluster.Admission;

/// <summary>Who makes a request.</summary>
internal sealed record UserInfo(string Name, IReadOnlyList<string> Groups)
{
    public static readonly UserInfo Anonymous = new("system:anonymous", ["system:unauthenticated"]);

    /// <summary>Before anyone is known.</summary>
    public static readonly UserInfo Nobody = new(string.Empty, []);

    /// <summary>The controllers that live inside the host.</summary>
    public static readonly UserInfo Internal = new("system:apiserver", ["system:masters", "system:authenticated"]);

    public string Uid { get; init; } = string.Empty;

    public IReadOnlyDictionary<string, IReadOnlyList<string>> Extra { get; init; } = new Dictionary<string, IReadOnlyList<string>>();

    public bool IsAnonymous => Name == "system:anonymous";
}
