using Bowline.Applications.ApplicationSets;
using Bowline.Applications.ArgoCd;
using Microsoft.AspNetCore.Http;

namespace Bowline.Applications.Tests.ApplicationSets;

/// <summary>Each Git server's API, as generators ask it.</summary>
public sealed class ForgeTests : IAsyncLifetime
{
    private const string Token = "s3cr3t-t0ken";
    private const string Names = "\ntemplate: {metadata: {name: 'NAME'}, spec: {project: default, source: {repoURL: '{{url}}'}, destination: {server: s}}}";
    private readonly SetBench bench = new();
    private FakeForge forge = null!;

    public async Task InitializeAsync()
    {
        forge = await FakeForge.StartAsync();
        // With the line break that an editor leaves at the end.
        bench.Object($"{{kind: Secret, metadata: {{name: token}}, stringData: {{key: \"{Token}\\n\"}}}}");
    }

    public async Task DisposeAsync()
    {
        bench.Dispose();
        await forge.DisposeAsync();
    }

    [Fact]
    public async Task GitHub_lists_repositories_in_pages_with_the_head_of_their_default_branch()
    {
        forge.Authorization = $"Bearer {Token}";
        GitHubRepositories();
        Assert.Equal(["api-main-11111111-1111111-1-a.b", "web-main-22222222-2222222-2-none", "ops-trunk-33333333-3333333-3-none"], await bench.NamesAsync(
            "goTemplate: true\n" + GitHub() + Named("{{.repository}}-{{.branch}}-{{.short_sha}}-{{.short_sha_7}}-{{.repository_id}}-{{.labels | replace \",\" \".\" | default \"none\"}}").Replace("{{url}}", "u")));
        Assert.All(forge.Asked, asked => Assert.StartsWith("GET /api/v3/", asked));
    }

    [Fact]
    public async Task GitHub_filters_by_name_topic_branch_and_path()
    {
        GitHubRepositories();
        forge.Lists["/api/v3/repos/acme/api/branches?per_page=100"] = [Branch("main", '1'), Branch("feature/x", '4'), Branch("old", '5')];
        forge.Lists["/api/v3/repos/acme/web/branches?per_page=100"] = [Branch("main", '2')];
        forge.Lists["/api/v3/repos/acme/ops/branches?per_page=100"] = [Branch("trunk", '3')];
        forge.Answers["/api/v3/repos/acme/api/contents/deploy/k8s?ref=main"] = "[]";
        forge.Answers["/api/v3/repos/acme/web/contents/deploy/k8s?ref=main"] = "[]";
        forge.Answers["/api/v3/repos/acme/web/contents/absent?ref=main"] = "[]";
        Assert.Equal(["api", "web"], await bench.NamesAsync(GitHub("excludeArchivedRepos: true") + Named("{{repository}}")));
        Assert.Equal(["web"], await bench.NamesAsync(GitHub(filters: "{repositoryMatch: '^w'}") + Named("{{repository}}")));
        Assert.Equal(["api"], await bench.NamesAsync(GitHub(filters: "{labelMatch: '^b$'}") + Named("{{repository}}")));
        Assert.Equal(["api", "web"], await bench.NamesAsync(GitHub(filters: "{pathsExist: [deploy/k8s/]}") + Named("{{repository}}")));
        Assert.Equal(["api"], await bench.NamesAsync(GitHub(filters: "{pathsExist: [deploy/k8s], pathsDoNotExist: [absent]}") + Named("{{repository}}")));
        Assert.Equal(["api", "ops"], await bench.NamesAsync(GitHub(filters: "{pathsExist: [deploy/k8s], pathsDoNotExist: [absent]}, {branchMatch: trunk}") + Named("{{repository}}")));
        Assert.Equal(["feature-x"], await bench.NamesAsync(GitHub("allBranches: true", "{branchMatch: '^feature/'}") + Named("{{branchNormalized}}")));
        Assert.Contains("error compiling branchMatch regexp \"(\"", await bench.ProblemAsync(GitHub(filters: "{branchMatch: '('}") + Named("x")));
    }

    [Fact]
    public async Task How_repositories_are_cloned_is_the_generators_choice()
    {
        GitHubRepositories();
        string Urls(string protocol) => GitHub(filters: "{repositoryMatch: api}").Replace("scmProvider: {", $"scmProvider: {{cloneProtocol: {protocol}, ");
        Assert.Equal("git@github.example:acme/api.git", (await bench.SingleAsync(Urls("ssh") + Named("x"))).At("spec", "source", "repoURL")!.AsString());
        Assert.Equal("https://github.example/acme/api.git", (await bench.SingleAsync(Urls("https") + Named("x"))).At("spec", "source", "repoURL")!.AsString());
        Assert.Contains("unknown clone protocol gopher", await bench.ProblemAsync(Urls("gopher") + Named("x")));
    }

    [Fact]
    public async Task GitHub_lists_pull_requests()
    {
        forge.Authorization = $"Bearer {Token}";
        forge.Lists["/api/v3/repos/acme/web/pulls?per_page=100"] =
        [
            """{"number": 1, "title": "Fix", "head": {"ref": "fix/Login_Page", "sha": "1111111111"}, "base": {"ref": "main"}, "user": {"login": "ann"}, "labels": [{"name": "preview"}, {"name": "x"}]}""",
            """{"number": 2, "title": "WIP", "head": {"ref": "wip", "sha": "2222222222"}, "base": {"ref": "main"}, "user": {"login": "bob"}, "labels": []}""",
            """{"number": 3, "title": "Back", "head": {"ref": "back", "sha": "3333333333"}, "base": {"ref": "release-1"}, "user": {"login": "ann"}, "labels": [{"name": "preview"}]}""",
        ];
        string pulls = $"generators: [{{pullRequest: {{github: {{owner: acme, repo: web, api: '{forge.Address}/', tokenRef: {{secretName: token, key: key}}, labels: [LABELS]}}, filters: [FILTERS]}}}}]";
        string With(string labels, string filters) => pulls.Replace("LABELS", labels).Replace("FILTERS", filters);
        Assert.Equal(["pr-1-fix-login-page-main-11111111-1111111-ann", "pr-2-wip-main-22222222-2222222-bob", "pr-3-back-release-1-33333333-3333333-ann"], await bench.NamesAsync(With("", "") + Named("pr-{{number}}-{{branch_slug}}-{{target_branch_slug}}-{{head_short_sha}}-{{head_short_sha_7}}-{{author}}")));
        Assert.Equal(["1", "3"], await bench.NamesAsync(With("preview", "") + Named("{{number}}")));
        Assert.Equal(["3"], await bench.NamesAsync(With("", "{targetBranchMatch: '^release-'}") + Named("{{number}}")));
        Assert.Equal(["1", "2"], await bench.NamesAsync(With("", "{branchMatch: ^wip$}, {titleMatch: Fix}") + Named("{{number}}")));
        Assert.Equal(["1-preview-2"], await bench.NamesAsync("goTemplate: true\n" + With("x", "") + Named("{{.number}}-{{index .labels 0}}-{{len .labels}}").Replace("{{url}}", "u")));
        Assert.Contains("not found", await bench.ProblemAsync(With("", "").Replace("repo: web", "repo: gone") + Named("x")));
        Assert.Empty(await bench.NamesAsync(With("", "").Replace("repo: web", "repo: gone").Replace("pullRequest: {", "pullRequest: {continueOnRepoNotFoundError: true, ") + Named("x")));
    }

    [Fact]
    public async Task GitLab_lists_projects_of_a_group_and_merge_requests()
    {
        forge.Authorization = $"Bearer {Token}";
        forge.Lists["/api/v4/groups/acme%2Fteam/projects?per_page=100&include_subgroups=true&with_shared=false&archived=false&topic=k8s"] =
        [
            """{"id": 7, "path": "web", "namespace": {"full_path": "acme/team"}, "default_branch": "main", "ssh_url_to_repo": "git@gl:web.git", "http_url_to_repo": "https://gl/web.git", "topics": ["k8s"]}""",
            """{"id": 8, "path": "empty", "namespace": {"full_path": "acme/team"}, "default_branch": null, "ssh_url_to_repo": "u", "http_url_to_repo": "u"}""",
            """{"id": 9, "path": "api", "namespace": {"full_path": "acme/team/sub"}, "default_branch": "a/b", "ssh_url_to_repo": "git@gl:api.git", "http_url_to_repo": "https://gl/api.git", "tag_list": ["old"]}""",
        ];
        forge.Answers["/api/v4/projects/7/repository/branches/main"] = """{"name": "main", "commit": {"id": "7777777777"}}""";
        forge.Answers["/api/v4/projects/9/repository/branches/a%2Fb"] = """{"name": "a/b", "commit": {"id": "9999999999"}}""";
        forge.Lists["/api/v4/projects/7/repository/tree?per_page=100&ref=main&path=deploy"] = ["{\"name\": \"a\"}", "{\"name\": \"b\"}", "{\"name\": \"k8s\"}"];
        string group = $"generators: [{{scmProvider: {{gitlab: {{group: acme/team, includeSubgroups: true, includeSharedProjects: false, topic: k8s, api: '{forge.Address}', tokenRef: {{secretName: token, key: key}}}}, filters: [FILTERS]}}}}]";
        Assert.Equal(["web-k8s-77777777-acme.team", "api-old-99999999-acme.team.sub"], (await bench.NamesAsync("goTemplate: true\n" + group.Replace("FILTERS", "") + Named("{{.repository}}-{{.labels}}-{{.short_sha}}-{{.organization | replace \"/\" \".\"}}").Replace("{{url}}", "{{.url}}"))));
        Assert.Equal(["web"], await bench.NamesAsync(group.Replace("FILTERS", "{pathsExist: [deploy/k8s]}") + Named("{{repository}}")));

        forge.Lists["/api/v4/projects/acme%2Fweb/merge_requests?per_page=100&labels=preview%2Cx&state=opened"] =
            ["""{"iid": 4, "title": "T", "source_branch": "s", "target_branch": "t", "sha": "4444444444", "author": {"username": "ann"}, "labels": ["preview", "x"]}"""];
        Assert.Equal(["4-s-t-ann"], await bench.NamesAsync($"generators: [{{pullRequest: {{gitlab: {{project: acme/web, labels: [preview, x], pullRequestState: opened, api: '{forge.Address}', tokenRef: {{secretName: token, key: key}}}}}}}}]" + Named("{{number}}-{{branch}}-{{target_branch}}-{{author}}")));
    }

    [Fact]
    public async Task Gitea_lists_repositories_and_pull_requests()
    {
        forge.Authorization = $"token {Token}";
        forge.Lists["/api/v1/orgs/acme/repos?limit=50"] = [.. Enumerable.Range(1, 3).Select(number => $$$$"""{"id": {{{{number}}}}, "name": "r{{{{number}}}}", "owner": {"login": "acme"}, "default_branch": "main", "ssh_url": "s", "clone_url": "c"}""")];
        foreach (int number in Enumerable.Range(1, 3))
        {
            forge.Answers[$"/api/v1/repos/acme/r{number}/topics"] = $"{{\"topics\": [\"t{number}\"]}}";
            forge.Answers[$"/api/v1/repos/acme/r{number}/branches/main"] = $$$$"""{"name": "main", "commit": {"id": "{{{{new string((char)('0' + number), 40)}}}}"}}""";
        }

        forge.Lists["/api/v1/repos/acme/r1/pulls?state=open&limit=50"] = ["""{"number": 5, "title": "T", "head": {"ref": "h", "sha": "5555555555"}, "base": {"ref": "b"}, "user": {"login": "ann"}, "labels": [{"name": "l"}]}"""];
        string login = $"api: '{forge.Address}', tokenRef: {{secretName: token, key: key}}";
        Assert.Equal(["r1-t1-11111111", "r2-t2-22222222", "r3-t3-33333333"], await bench.NamesAsync($"generators: [{{scmProvider: {{gitea: {{owner: acme, {login}}}}}}}]" + Named("{{repository}}-{{labels}}-{{short_sha}}")));
        Assert.Equal(["5-h-b"], await bench.NamesAsync($"generators: [{{pullRequest: {{gitea: {{owner: acme, repo: r1, {login}, labels: [l]}}}}}}]" + Named("{{number}}-{{branch}}-{{target_branch}}")));
    }

    [Theory]
    [InlineData("basicAuth: {username: me, passwordRef: {secretName: token, key: key}}", "Basic bWU6czNjcjN0LXQwa2Vu")]
    [InlineData("bearerToken: {tokenRef: {secretName: token, key: key}}", "Bearer s3cr3t-t0ken")]
    public async Task Bitbucket_server_lists_repositories_and_pull_requests(string login, string authorization)
    {
        forge.Authorization = authorization;
        forge.Paging = "Bitbucket";
        forge.Lists["/rest/api/1.0/projects/ACME/repos?limit=100"] = [.. Enumerable.Range(1, 3).Select(number => $$$$"""{"id": {{{{number}}}}, "slug": "r{{{{number}}}}", "name": "R {{{{number}}}}", "project": {"key": "ACME"}, "links": {"clone": [{"name": "http", "href": "https://bb/r"}, {"name": "ssh", "href": "ssh://bb/r"}]}}""")];
        forge.Answers["/rest/api/1.0/projects/ACME/repos/r1/branches/default"] = """{"displayId": "main", "latestCommit": "1111111111"}""";
        forge.Answers["/rest/api/1.0/projects/ACME/repos/r3/branches/default"] = """{"displayId": "main", "latestCommit": "3333333333"}""";
        forge.Answers["/rest/api/1.0/projects/ACME/repos/r3/browse/k8s?at=main&type=true"] = """{"type": "DIRECTORY"}""";
        forge.Lists["/rest/api/1.0/projects/ACME/repos/r1/pull-requests?state=OPEN&limit=100"] = [.. Enumerable.Range(1, 3).Select(number => $$$$"""{"id": {{{{number}}}}, "title": "T", "fromRef": {"displayId": "f{{{{number}}}}", "latestCommit": "aaaaaaaaaa"}, "toRef": {"displayId": "main"}, "author": {"user": {"name": "ann"}}}""")];
        string server = $"bitbucketServer: {{project: ACME, api: '{forge.Address}', {login}";
        Assert.Equal(["r1-11111111", "r3-33333333"], await bench.NamesAsync($"generators: [{{scmProvider: {{{server}}}}}}}]" + Named("{{repository}}-{{short_sha}}")));
        Assert.Equal(["r3"], await bench.NamesAsync($"generators: [{{scmProvider: {{{server}}}, filters: [{{pathsExist: [k8s]}}]}}}}]" + Named("{{repository}}")));
        Assert.Equal(["1-f1", "2-f2", "3-f3"], await bench.NamesAsync($"generators: [{{pullRequest: {{{server}, repo: r1}}}}}}]" + Named("{{number}}-{{branch}}")));
    }

    [Fact]
    public async Task Bitbucket_cloud_lists_pull_requests_and_refuses_without_a_login()
    {
        forge.Authorization = "Basic bWU6czNjcjN0LXQwa2Vu";
        forge.Paging = "Cloud";
        forge.Lists["/2.0/repositories/acme/web/pullrequests?state=OPEN&pagelen=50"] = [.. Enumerable.Range(1, 5).Select(number => $$$$"""{"id": {{{{number}}}}, "title": "T", "source": {"branch": {"name": "s{{{{number}}}}"}, "commit": {"hash": "aaaaaaaaaaaa"}}, "destination": {"branch": {"name": "main"}}, "author": {"nickname": "ann"}}""")];
        string cloud = $"generators: [{{pullRequest: {{bitbucket: {{owner: acme, repo: web, api: '{forge.Address}/2.0', LOGIN}}}}}}]";
        Assert.Equal(["1-s1", "2-s2", "3-s3", "4-s4", "5-s5"], await bench.NamesAsync(cloud.Replace("LOGIN", "basicAuth: {username: me, passwordRef: {secretName: token, key: key}}") + Named("{{number}}-{{branch}}")));
        Assert.Contains("the server answers 401; no token is given", await bench.ProblemAsync(cloud.Replace(", LOGIN", "") + Named("x")));
    }

    [Fact]
    public async Task Azure_devops_lists_repositories_and_pull_requests()
    {
        forge.Authorization = "Basic OnMzY3IzdC10MGtlbg==";
        forge.Paging = "Azure";
        string root = "/acme/team/_apis/git/repositories";
        forge.Lists[$"{root}?api-version=7.0"] = ["""{"id": "1", "name": "web", "defaultBranch": "refs/heads/main", "remoteUrl": "https://az/web", "sshUrl": "git@az:web"}""", """{"id": "2", "name": "off", "defaultBranch": "refs/heads/main", "isDisabled": true}"""];
        forge.Answers[$"{root}/web/stats/branches?api-version=7.0&name=main"] = """{"name": "main", "commit": {"commitId": "1111111111"}}""";
        forge.Answers[$"{root}/web/items?path=%2Fk8s&versionDescriptor.version=main&versionDescriptor.versionType=branch&%24format=json&api-version=7.0"] = "{}";
        forge.Lists[$"{root}/web/pullrequests?searchCriteria.status=active&%24top=100&api-version=7.0"] = ["""{"pullRequestId": 6, "title": "T", "sourceRefName": "refs/heads/x/z", "targetRefName": "refs/heads/main", "lastMergeSourceCommit": {"commitId": "6666666666"}, "createdBy": {"uniqueName": "ann@acme.com"}, "labels": [{"name": "p"}]}"""];
        Assert.Equal(["web-11111111"], await bench.NamesAsync($"generators: [{{scmProvider: {{azureDevOps: {{organization: acme, teamProject: team, api: '{forge.Address}', accessTokenRef: {{secretName: token, key: key}}}}, filters: [{{pathsExist: [k8s]}}]}}}}]" + Named("{{repository}}-{{short_sha}}")));
        Assert.Equal(["6-x-z-ann"], await bench.NamesAsync($"generators: [{{pullRequest: {{azuredevops: {{organization: acme, project: team, repo: web, api: '{forge.Address}', tokenRef: {{secretName: token, key: key}}, labels: [p]}}}}}}]" + Named("{{number}}-{{branch_slug}}-{{author}}")));
    }

    [Fact]
    public async Task A_short_rate_limit_is_waited_out_and_a_long_one_is_told()
    {
        GitHubRepositories();
        int left = 2;
        forge.Before = async context =>
        {
            if (Interlocked.Decrement(ref left) < 0)
            {
                return false;
            }

            context.Response.StatusCode = 429;
            context.Response.Headers.RetryAfter = "1";
            await context.Response.WriteAsync("{}");
            return true;
        };
        Assert.Equal(["api", "web", "ops"], await bench.NamesAsync(GitHub() + Named("{{repository}}")));
        forge.Before = async context =>
        {
            context.Response.StatusCode = 403;
            context.Response.Headers["X-RateLimit-Remaining"] = "0";
            context.Response.Headers["X-RateLimit-Reset"] = DateTimeOffset.UtcNow.AddMinutes(20).ToUnixTimeSeconds().ToString();
            await context.Response.WriteAsync("{}");
            return true;
        };
        ExpansionProblem problem = Assert.Single((await bench.ExpandAsync(GitHub() + Named("x"))).Problems);
        Assert.Contains("rate limit is used up", problem.Message);
        Assert.InRange(problem.RetryAfter!.Value.TotalMinutes, 18, 20.1);
    }

    [Fact]
    public async Task Tokens_go_nowhere_else_and_are_in_no_message()
    {
        await using FakeForge other = await FakeForge.StartAsync();
        string? seen = null;
        other.Before = async context =>
        {
            seen = $"asked with {context.Request.Headers.Authorization}";
            await context.Response.WriteAsync("[]");
            return true;
        };
        forge.Before = context =>
        {
            context.Response.Redirect($"{other.Address}/stolen");
            return Task.FromResult(true);
        };
        await bench.NamesAsync(GitHub() + Named("{{repository}}"));
        Assert.Equal("asked with ", seen);

        forge.Before = async context =>
        {
            context.Response.Headers.Link = $"<{other.Address}/more>; rel=\"next\"";
            await context.Response.WriteAsync("[]");
            return true;
        };
        Assert.Contains("the next page is on another server", await bench.ProblemAsync(GitHub() + Named("x")));

        forge.Before = async context =>
        {
            context.Response.StatusCode = 403;
            await context.Response.WriteAsync($"you said {context.Request.Headers.Authorization}");
            return true;
        };
        string refused = await bench.ProblemAsync(GitHub() + Named("x"));
        Assert.Contains("the server answers 403; may the token read this?", refused);
        Assert.DoesNotContain(Token, refused);
        Assert.Contains("not an http or https address", await bench.ProblemAsync(GitHub().Replace(forge.Address, "file:///etc/passwd?") + Named("x")));
        Assert.Contains("leads out of its place", await bench.ProblemAsync(GitHub().Replace("organization: acme", "organization: ..") + Named("x")));
        Assert.Equal("error fetching Secret token: there is no Secret gone", await bench.ProblemAsync(GitHub().Replace("secretName: token", "secretName: gone") + Named("x")));
        Assert.Contains("AWS CodeCommit is not asked", await bench.ProblemAsync("generators: [{scmProvider: {awsCodeCommit: {region: x}}}]" + Named("x")));
    }

    [Fact]
    public async Task An_installation_says_which_servers_may_be_asked_and_which_Secrets_sent_there()
    {
        GitHubRepositories();
        bench.Settings = new SetSettings { AsksForges = false };
        Assert.Contains("applicationsetcontroller.enable.scm.providers", await bench.ProblemAsync(GitHub() + Named("x")));
        bench.Settings = new SetSettings { AllowedForges = ["https://git.example.com/"] };
        string refused = await bench.ProblemAsync(GitHub() + Named("x"));
        Assert.Contains("is not allowed; those are: https://git.example.com/ (applicationsetcontroller.allowed.scm.providers)", refused);
        Assert.Contains(forge.Address, refused);
        bench.Settings = new SetSettings { WantsLabelledTokens = true, AllowedForges = [forge.Address] };
        Assert.Contains("Secret token has no label argocd.argoproj.io/secret-type: scm-creds", await bench.ProblemAsync(GitHub() + Named("x")));
        Assert.Empty(forge.Asked);

        bench.Object($"{{kind: Secret, metadata: {{name: meant, labels: {{argocd.argoproj.io/secret-type: scm-creds}}}}, stringData: {{key: {Token}}}}}");
        Assert.Equal(["api", "web", "ops"], (await bench.NamesAsync(GitHub().Replace("secretName: token", "secretName: meant") + Named("{{repository}}"))).OrderBy(name => "awo".IndexOf(name[0])));
    }

    [Fact]
    public async Task Answers_without_end_are_refused()
    {
        forge.Before = async context =>
        {
            byte[] block = new byte[1024 * 1024];
            Array.Fill(block, (byte)' ');
            for (int i = 0; i < 100; i++)
            {
                await context.Response.Body.WriteAsync(block, context.RequestAborted);
            }

            return true;
        };
        Assert.Contains("the answer is larger than 16777216 bytes", await bench.ProblemAsync(GitHub() + Named("x")));
        int page = 0;
        forge.Before = async context =>
        {
            context.Response.Headers.Link = $"</api/v3/orgs/acme/repos?page={++page}>; rel=\"next\"";
            await context.Response.WriteAsync("[]");
            return true;
        };
        Assert.Contains("more than 1000 pages", await bench.ProblemAsync(GitHub() + Named("x")));
        forge.Before = async context =>
        {
            await context.Response.WriteAsync("<html>");
            return true;
        };
        Assert.Contains("the answer is no JSON", await bench.ProblemAsync(GitHub() + Named("x")));
    }

    [Fact]
    public async Task A_plugin_is_asked_with_its_token_and_what_it_answers_are_parameters()
    {
        forge.Authorization = $"Bearer {Token}";
        string? body = null;
        forge.Before = async context =>
        {
            body = await new StreamReader(context.Request.Body).ReadToEndAsync();
            return false;
        };
        forge.Answers["/api/v1/getparams.execute"] = """{"output": {"parameters": [{"key": "a", "deep": {"n": 2}}, {"key": "b", "deep": {"n": 3}}]}}""";
        bench.Object($"{{kind: ConfigMap, metadata: {{name: plugin}}, data: {{baseUrl: '{forge.Address}/', token: '$token:key', requestTimeout: '20'}}}}");
        const string Plugin = "generators: [{plugin: {configMapRef: {name: plugin}, input: {parameters: {who: me, list: [1]}}, values: {v: x}}}]";
        Assert.Equal(["a-2-me-x", "b-3-me-x"], await bench.NamesAsync(Plugin + Named("{{key}}-{{deep.n}}-{{generator.input.parameters.who}}-{{values.v}}")));
        Assert.Equal(["a-2-me-x", "b-3-me-x"], await bench.NamesAsync("goTemplate: true\n" + Plugin + Named("{{.key}}-{{.deep.n}}-{{.generator.input.parameters.who}}-{{.values.v}}").Replace("{{url}}", "u")));
        Assert.Equal("""{"applicationSetName":"demo","input":{"parameters":{"who":"me","list":[1]}}}""", body);
        Assert.All(forge.Asked, asked => Assert.Equal("POST /api/v1/getparams.execute", asked));

        forge.Before = context =>
        {
            context.Response.Redirect("http://127.0.0.1:1/stolen");
            return Task.FromResult(true);
        };
        Assert.Contains("the plugin answers 302", await bench.ProblemAsync(Plugin + Named("x")));
        bench.Object($"{{kind: ConfigMap, metadata: {{name: bare}}, data: {{baseUrl: '{forge.Address}', token: plain}}}}");
        Assert.Contains("no token that refers to a Secret", await bench.ProblemAsync(Plugin.Replace("name: plugin", "name: bare") + Named("x")));
        bench.Object("{kind: ConfigMap, metadata: {name: file}, data: {baseUrl: 'file:///etc', token: '$token:key'}}");
        Assert.Contains("not an http or https address", await bench.ProblemAsync(Plugin.Replace("name: plugin", "name: file") + Named("x")));
    }

    [Fact]
    public async Task Decision_resources_name_clusters()
    {
        bench.Object("{kind: ConfigMap, metadata: {name: duck}, data: {apiVersion: example.com/v1, kind: Placement, statusListKey: decisions, matchKey: clusterName}}")
            .Object("{apiVersion: example.com/v1, kind: Placement, metadata: {name: one, labels: {team: a}}, status: {decisions: [{clusterName: eu, reason: close}, {clusterName: unknown}, {other: x}]}}")
            .Object("{kind: Secret, metadata: {name: eu, labels: {argocd.argoproj.io/secret-type: cluster}}, stringData: {name: eu, server: 'https://eu.example.com'}}");
        const string Duck = "generators: [{clusterDecisionResource: {configMapRef: duck, CHOICE, values: {v: 'in-{{name}}'}}}]";
        Assert.Equal(["eu-close-in-eu"], await bench.NamesAsync(Duck.Replace("CHOICE", "name: one") + Named("{{clusterName}}-{{reason}}-{{values.v}}")));
        Assert.Equal(["eu"], await bench.NamesAsync(Duck.Replace("CHOICE", "labelSelector: {matchLabels: {team: a}}") + Named("{{name}}")));
        Assert.Contains("there is no example.com/v1 Placement two", await bench.ProblemAsync(Duck.Replace("CHOICE", "name: two") + Named("x")));
        Assert.Contains("one of the two", await bench.ProblemAsync(Duck.Replace("CHOICE, ", "") + Named("x")));
    }

    private void GitHubRepositories()
    {
        string Repository(int id, string name, string branch, string topics) => $$$$"""{"id": {{{{id}}}}, "name": "{{{{name}}}}", "owner": {"login": "acme"}, "archived": {{{{(name == "ops" ? "true" : "false")}}}}, "default_branch": "{{{{branch}}}}", "ssh_url": "git@github.example:acme/{{{{name}}}}.git", "clone_url": "https://github.example/acme/{{{{name}}}}.git", "topics": [{{{{topics}}}}]}""";
        forge.Lists["/api/v3/orgs/acme/repos?per_page=100"] = [Repository(1, "api", "main", "\"a\", \"b\""), Repository(2, "web", "main", ""), Repository(3, "ops", "trunk", "")];
        forge.Answers["/api/v3/repos/acme/api/branches/main"] = Branch("main", '1');
        forge.Answers["/api/v3/repos/acme/web/branches/main"] = Branch("main", '2');
        forge.Answers["/api/v3/repos/acme/ops/branches/trunk"] = Branch("trunk", '3');
    }

    private static string Branch(string name, char digit) => $$$$"""{"name": "{{{{name}}}}", "commit": {"sha": "{{{{new string(digit, 40)}}}}"}}""";

    private string GitHub(string more = "allBranches: false", string filters = "") =>
        $"generators: [{{scmProvider: {{github: {{organization: acme, api: '{forge.Address}', {more}, tokenRef: {{secretName: token, key: key}}}}, filters: [{filters}]}}}}]";

    private static string Named(string name) => Names.Replace("NAME", name);
}
