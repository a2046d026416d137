namespace Bowline.Applications.ArgoCd;

/// <summary>What <c>kustomize.buildOptions</c> asks <c>kustomize build</c> for, as far as Bowline does it.</summary>
/// <param name="AllowFilesOutsideRoot"><c>--load-restrictor LoadRestrictionsNone</c>.</param>
public sealed record BuildOptions(bool AllowFilesOutsideRoot)
{
    public static readonly BuildOptions None = new(AllowFilesOutsideRoot: false);

    /// <summary>What Bowline does in any case, or what only says where a program is.</summary>
    private static readonly HashSet<string> Always = ["--enable-helm", "--enable_kyaml", "--enable-kyaml", "--helm-command", "--helm-debug", "--output", "-o", "--network", "--env", "-e", "--mount", "--as-current-user"];

    /// <summary>Options that are followed by a value when it is not attached by <c>=</c>.</summary>
    private static readonly HashSet<string> Valued = ["--load-restrictor", "--load_restrictor", "--helm-command", "--helm-kube-version", "--helm-api-versions", "--output", "-o", "--network-name", "--env", "-e", "--mount", "--reorder"];

    /// <param name="complain">Told of each option that is not done.</param>
    public static BuildOptions Parse(string text, Action<string> complain)
    {
        BuildOptions read = None;
        string[] words = text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
        for (int at = 0; at < words.Length; at++)
        {
            string[] parts = words[at].Split('=', 2);
            string name = parts[0];
            string value = parts.Length == 2 ? parts[1] : Valued.Contains(name) && at + 1 < words.Length ? words[++at] : string.Empty;
            switch (name)
            {
                case "--load-restrictor" or "--load_restrictor":
                    read = read with { AllowFilesOutsideRoot = value is "LoadRestrictionsNone" or "none" };
                    break;
                case "--enable-alpha-plugins" or "--enable_alpha_plugins" or "--enable-exec" or "--enable-star":
                    complain($"{name} is not done: Bowline runs no plugins of Kustomize");
                    break;
                case var known when Always.Contains(known):
                    break;
                default:
                    complain($"{name} is not an option that Bowline knows, so it makes no difference");
                    break;
            }
        }

        return read;
    }
}
