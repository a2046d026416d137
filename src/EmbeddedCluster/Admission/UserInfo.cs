using Bowline.Resources.Model;

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

    /// <summary>As authentication.k8s.io/v1 UserInfo, without what is empty.</summary>
    public MapNode ToNode()
    {
        MapNode info = [];
        if (Name.Length > 0)
        {
            info["username"] = Name;
        }

        if (Uid.Length > 0)
        {
            info["uid"] = Uid;
        }

        if (Groups.Count > 0)
        {
            info["groups"] = Texts(Groups);
        }

        if (Extra.Count > 0)
        {
            MapNode extra = [];
            foreach ((string key, IReadOnlyList<string> values) in Extra)
            {
                extra[key] = Texts(values);
            }

            info["extra"] = extra;
        }

        return info;
    }

    private static ListNode Texts(IReadOnlyList<string> texts) => new(texts.Select(text => (Node)StringNode.Of(text)));
}
