using System.Text.RegularExpressions;
using Bowline.Applications.ArgoCd;
using Bowline.Resources.Model;
using Bowline.Tests;

namespace Bowline.Applications.Tests.ArgoCd;

/// <summary>What is said of every key of Argo CD v3's ConfigMaps.</summary>
public sealed partial class KnownSettingsTests
{
    /// <summary>argo-cd-v3-settings.txt lists the keys of Argo CD v3's own documentation (argocd-cm.yaml, argocd-cmd-params-cm.yaml, argocd-rbac-cm.yaml), its settings package and its manifests.</summary>
    [Fact]
    public void Every_key_of_Argo_CD_v3_is_known()
    {
        string[] keys = [.. File.ReadLines(Path.Combine(SharedFolder.Checkout, "tests", "Applications.Tests", "ArgoCd", "argo-cd-v3-settings.txt")).Where(line => line.Length > 0 && !line.StartsWith('#'))];
        Assert.True(keys.Length > 200, $"only {keys.Length} keys");
        Assert.DoesNotContain(keys, key => KnownSettings.Find(key.Split(' ')[0], key.Split(' ')[1]) is null);
    }

    [Fact]
    public void The_documentation_says_of_each_key_what_the_program_does()
    {
        string text = File.ReadAllText(Path.Combine(SharedFolder.Checkout, "docs", "argo-cd-settings.md"));
        string configMap = string.Empty;
        List<KnownSetting> told = [];
        foreach (string line in text.Split('\n'))
        {
            configMap = line.StartsWith("## ", StringComparison.Ordinal) ? line[3..] : configMap;
            if (Row().Match(line) is { Success: true } row)
            {
                told.Add(new KnownSetting(configMap, row.Groups[1].Value, row.Groups[2].Value, row.Groups[3].Value));
            }
        }

        Assert.Equal(KnownSettings.All.OrderBy(setting => setting.ConfigMap + setting.Key), told.OrderBy(setting => setting.ConfigMap + setting.Key));
        Assert.Equal(told.Count, told.Select(setting => (setting.ConfigMap, setting.Key)).Distinct().Count());
        Assert.All(told, setting => Assert.Contains(setting.Effect, (string[])["honoured", "ignored", "refused"]));
    }

    [Fact]
    public void What_makes_no_difference_is_told_of_once_a_reason_and_what_counts_is_not()
    {
        IReadOnlyList<string> told = KnownSettings.Ignored(Settings(
            ("argocd-cm", "timeout.reconciliation", "60s"), ("argocd-cm", "url", "https://x"), ("argocd-cm", "ui.cssurl", "x"), ("argocd-cm", "additionalUrls", "x"), ("argocd-cm", "accounts.ann.enabled", "true"), ("argocd-cm", "tiemout.reconciliation", "1"),
            ("argocd-cmd-params-cm", "server.insecure", "true"), ("argocd-cmd-params-cm", "server.log.level", "debug"),
            ("argocd-rbac-cm", "policy.csv", "# fine\np, role:a, applications, sync, team/*, allow\ng, org:team, role:a\np, role:a, applications, sink, */*, allow\np, role:a, applications, get, */*\nq, x\n")));
        Assert.Equal(
            [
                "argocd-cm: url is ignored: notifications take it from their own argocdUrl",
                "argocd-cm: ui.cssurl, additionalUrls are ignored: it is the UI's",
                "argocd-cm: accounts.ann.enabled is ignored: there are no accounts of Bowline's own: who may do what is the API server's RBAC",
                "argocd-cm: tiemout.reconciliation is not known of Argo CD v3, so it makes no difference",
                "argocd-cmd-params-cm: server.insecure, server.log.level are ignored: there is no server of Argo CD's API",
            ],
            told.Take(5));
        Assert.StartsWith("argocd-rbac-cm: policy.csv is ignored: it says who may do what by Argo CD's API", told[5]);
        Assert.Equal(
            [
                "argocd-rbac-cm: line 4 of policy.csv allows or denies sink, which nobody can do",
                "argocd-rbac-cm: line 5 of policy.csv is a policy that is not p, subject, resource, action, object, effect",
                "argocd-rbac-cm: line 6 of policy.csv is neither a policy (p, …) nor a binding (g, …)",
            ],
            told.Skip(6));
    }

    internal static ArgoCdSettings Settings(params (string ConfigMap, string Key, string Value)[] said) => ArgoCdSettings.Read([.. said.GroupBy(item => item.ConfigMap).Select(group => new MapNode
    {
        ["kind"] = "ConfigMap",
        ["metadata"] = new MapNode { ["name"] = group.Key },
        ["data"] = Data(group.Select(item => (item.Key, item.Value))),
    })]);

    private static MapNode Data(IEnumerable<(string Key, string Value)> items)
    {
        MapNode data = new();
        foreach ((string key, string value) in items)
        {
            data[key] = value;
        }

        return data;
    }

    [GeneratedRegex(@"^\| `([^`]+)` \| (\w+) \| (.*) \|$")]
    private static partial Regex Row();
}
