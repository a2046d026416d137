using Bowline.Applications.ApplicationSets.Forges;
using Bowline.Applications.ArgoCd;
using Bowline.Resources.Model;
using Bowline.Sources.Downloads;
using Bowline.Sources.Files;
using Bowline.Sources.Git;

namespace Bowline.Applications.ApplicationSets.Generators;

/// <summary>A Git server as a generator's manifest names it, with what its Secrets and ConfigMaps say about the way in. The one who opens it disposes the client.</summary>
internal static class ForgeLogin
{
    private static readonly ResourceKind SecretKind = new(string.Empty, "v1", "Secret");
    private static readonly string[] Names = ["github", "gitlab", "gitea", "bitbucketServer", "bitbucket", "azureDevOps", "azuredevops"];

    /// <param name="generator">An <c>scmProvider</c> or a <c>pullRequest</c>.</param>
    /// <exception cref="GeneratorException">It names no server that Bowline asks, or a Secret is missing.</exception>
    public static async Task<(ForgeClient Client, IForge Forge, MapNode Options)> OpenAsync(MapNode generator, GeneratorSources sources, CancellationToken cancellationToken)
    {
        if (generator["awsCodeCommit"] is MapNode)
        {
            throw new GeneratorException("AWS CodeCommit is not asked: its requests are signed with an AWS account's keys, which Bowline does not hold");
        }

        SetSettings settings = sources.Settings();
        if (!settings.AsksForges)
        {
            throw new GeneratorException("scmProvider and pullRequest generators are turned off (applicationsetcontroller.enable.scm.providers)");
        }

        if (settings.Namespaces.Count > 0 && settings.AllowedForges.Count == 0)
        {
            throw new GeneratorException("scmProvider and pullRequest generators ask nobody where sets may lie in other namespaces (applicationsetcontroller.namespaces), unless servers are named that they may ask (applicationsetcontroller.allowed.scm.providers)");
        }

        string name = Names.FirstOrDefault(known => generator[known] is MapNode) ?? throw new GeneratorException("no Git server is named: github, gitlab, gitea, bitbucketServer, bitbucket or azureDevOps");
        MapNode options = (MapNode)generator[name]!;
        string Text(string member) => Parameters.Text(options[member]);
        if (Text("api") is { Length: > 0 } named && settings.AllowedForges.Count > 0 && !settings.AllowedForges.Contains(named))
        {
            throw new GeneratorException($"SCM provider {RepositoryUrl.Redact(named)} is not allowed; those are: {string.Join(", ", settings.AllowedForges)} (applicationsetcontroller.allowed.scm.providers)");
        }

        ServerTrust? trust = await TrustAsync(options, sources.Own, cancellationToken).ConfigureAwait(false);
        async Task<ForgeClient> ClientAsync(string api) => new(sources, api, await LoginAsync(name, options, sources, cancellationToken).ConfigureAwait(false), trust);
        ForgeClient client;
        switch (name)
        {
            case "github":
                client = await ClientAsync(GitHub.ApiOf(Text("api"))).ConfigureAwait(false);
                return (client, new GitHub(client, First(Text("organization"), Text("owner")), Text("repo"), ExcludesArchived(options)), options);
            case "gitlab":
                client = await ClientAsync(GitLab.ApiOf(Text("api"))).ConfigureAwait(false);
                return (client, new GitLab(client, First(Text("group"), Text("project")), options), options);
            case "gitea":
                client = await ClientAsync(Gitea.ApiOf(Text("api"))).ConfigureAwait(false);
                return (client, new Gitea(client, Text("owner"), Text("repo"), ExcludesArchived(options)), options);
            case "bitbucketServer":
                client = await ClientAsync(BitbucketServer.ApiOf(Text("api"))).ConfigureAwait(false);
                return (client, new BitbucketServer(client, Text("project"), Text("repo")), options);
            case "bitbucket":
                client = await ClientAsync(BitbucketCloud.ApiOf(Text("api"))).ConfigureAwait(false);
                return (client, new BitbucketCloud(client, Text("owner"), Text("repo")), options);
            default:
                client = await ClientAsync(AzureDevOps.ApiOf(Text("api"))).ConfigureAwait(false);
                return (client, new AzureDevOps(client, Text("organization"), First(Text("teamProject"), Text("project")), Text("repo")), options);
        }
    }

    private static bool ExcludesArchived(MapNode options) => options["excludeArchivedRepos"]?.AsBool() == true;

    private static string First(string one, string other) => one.Length > 0 ? one : other;

    private static async Task<string> LoginAsync(string name, MapNode options, GeneratorSources sources, CancellationToken cancellationToken)
    {
        Task<string> ReadAsync(Node? reference) => SecretValue.ReadAsync(reference, sources.Own, cancellationToken, sources.Settings().WantsLabelledTokens);
        if (options["basicAuth"] is MapNode basic)
        {
            return ForgeClient.Basic(Parameters.Text(basic["username"]), await ReadAsync(basic["passwordRef"]).ConfigureAwait(false));
        }

        if (options["bearerToken"] is MapNode bearer)
        {
            return $"Bearer {await ReadAsync(bearer["tokenRef"]).ConfigureAwait(false)}";
        }

        if (options["appPasswordRef"] is MapNode password)
        {
            return ForgeClient.Basic(Parameters.Text(options["user"]), await ReadAsync(password).ConfigureAwait(false));
        }

        if (name == "github" && Parameters.Text(options["appSecretName"]) is { Length: > 0 } app)
        {
            return $"Bearer {await AppTokenAsync(app, sources, cancellationToken).ConfigureAwait(false)}";
        }

        string token = await ReadAsync(options["tokenRef"] ?? options["accessTokenRef"]).ConfigureAwait(false);
        return (token.Length, name) switch
        {
            (0, _) => string.Empty,
            (_, "gitea") => $"token {token}",
            (_, "azureDevOps" or "azuredevops") => ForgeClient.Basic(string.Empty, token),
            _ => $"Bearer {token}",
        };
    }

    /// <summary>A GitHub App's Secret is one of a repository: its keys are those of Argo CD's repository Secrets.</summary>
    private static async Task<string> AppTokenAsync(string secretName, GeneratorSources sources, CancellationToken cancellationToken)
    {
        MapNode secret = await sources.Objects.FindAsync(SecretKind, secretName, cancellationToken).ConfigureAwait(false) ?? throw new GeneratorException($"error fetching Github app secret: there is no Secret {secretName}");
        if (RepositorySecret.Read(secret).Access.GitHubApp is not { } app)
        {
            throw new GeneratorException($"error fetching Github app secret: Secret {secretName} holds no githubAppPrivateKey");
        }

        using GitHubTokens tokens = new(sources.Time, sources.Dial);
        try
        {
            return await tokens.GetAsync(app, cancellationToken).ConfigureAwait(false);
        }
        catch (SourceException refused)
        {
            throw new GeneratorException(refused.Message, refused);
        }
    }

    private static async Task<ServerTrust?> TrustAsync(MapNode options, IObjectSource objects, CancellationToken cancellationToken)
    {
        if (options["insecure"]?.AsBool() == true)
        {
            return ServerTrust.Anybody;
        }

        if (options["caRef"] is not MapNode reference)
        {
            return null;
        }

        MapNode data = await SecretValue.ConfigMapAsync(Parameters.Text(reference["configMapName"]), objects, cancellationToken).ConfigureAwait(false);
        try
        {
            return ServerTrust.Authorities(Parameters.Text(data[Parameters.Text(reference["key"])]));
        }
        catch (SourceException broken)
        {
            throw new GeneratorException($"caRef: {broken.Message}", broken);
        }
    }
}
