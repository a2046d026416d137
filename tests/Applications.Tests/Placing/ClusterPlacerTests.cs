using Bowline.Applications.Placing;
using Bowline.Resources.Model;

namespace Bowline.Applications.Tests.Placing;

public sealed class ClusterPlacerTests
{
    [Fact]
    public void Applications_without_rivals_share_one_cluster()
    {
        Placement placement = ClusterPlacer.Place([Claim("web", "a"), Claim("api", "b"), Claim("db", "c")], []);
        Assert.Equal([ClusterPlacer.DefaultName], placement.Clusters);
        Assert.Empty(placement.Reasons);
    }

    [Fact]
    public void Rivals_are_kept_apart_on_the_fewest_clusters_and_siblings_by_name_stay_together()
    {
        Placement placement = ClusterPlacer.Place(
        [
            Claim("ai-infra-secrets-dev"),
            Claim("echo-dev", "priority", "issuer"),
            Claim("echo-monitoring-dev", "grafana", "loki"),
            Claim("echo-monitoring-prod", "grafana", "loki"),
            Claim("echo-prod", "priority", "issuer"),
            Claim("echo-testing", "priority", "issuer"),
        ], []);
        Assert.Equal(["dev", "prod", "testing"], placement.Clusters.Order());
        Assert.Equal("dev", placement.ClusterOf["echo-dev"]);
        Assert.Equal("dev", placement.ClusterOf["echo-monitoring-dev"]);
        Assert.Equal("dev", placement.ClusterOf["ai-infra-secrets-dev"]);
        Assert.Equal("prod", placement.ClusterOf["echo-prod"]);
        Assert.Equal("prod", placement.ClusterOf["echo-monitoring-prod"]);
        Assert.Equal("testing", placement.ClusterOf["echo-testing"]);
        Assert.Contains("both claim", placement.Reasons["dev"]);
    }

    [Fact]
    public void A_rule_of_the_user_wins_over_what_names_say()
    {
        Placement placement = ClusterPlacer.Place(
            [Claim("echo-dev", "x"), Claim("echo-prod", "x"), Claim("tools", "y")],
            [new PlacementRule("east", ["echo-prod", "tools"]), new PlacementRule("west", ["*-dev"])]);
        Assert.Equal("east", placement.ClusterOf["echo-prod"]);
        Assert.Equal("east", placement.ClusterOf["tools"]);
        Assert.Equal("west", placement.ClusterOf["echo-dev"]);
    }

    [Fact]
    public void An_application_that_no_rule_names_is_placed_where_it_has_no_rival()
    {
        Placement placement = ClusterPlacer.Place([Claim("a", "x"), Claim("b", "x"), Claim("c", "z")], [new PlacementRule("first", ["a"])]);
        Assert.Equal("first", placement.ClusterOf["a"]);
        Assert.NotEqual("first", placement.ClusterOf["b"]);
    }

    [Fact]
    public void Applications_for_different_servers_never_share_a_cluster()
    {
        Placement placement = ClusterPlacer.Place([Claim("a", "x") with { Destination = "https://one" }, Claim("b", "y") with { Destination = "https://two" }], []);
        Assert.NotEqual(placement.ClusterOf["a"], placement.ClusterOf["b"]);
    }

    [Fact]
    public void Clusters_whose_applications_have_nothing_in_common_are_numbered()
    {
        Placement placement = ClusterPlacer.Place([Claim("blue", "x"), Claim("red", "x"), Claim("red-two", "x")], []);
        Assert.Equal(3, placement.Clusters.Distinct().Count());
        Assert.All(placement.Clusters, name => Assert.NotEmpty(name));
    }

    [Fact]
    public void No_two_rivals_meet_whatever_the_claims_are()
    {
        Random random = new(7);
        for (int round = 0; round < 200; round++)
        {
            Claims[] claims = [.. Enumerable.Range(0, random.Next(1, 12)).Select(number =>
                Claim($"{"abc"[random.Next(3)]}-{number}-{"xyz"[random.Next(3)]}", [.. Enumerable.Range(0, random.Next(0, 4)).Select(_ => $"o{random.Next(6)}")]))];
            Placement placement = ClusterPlacer.Place(claims, []);
            foreach (Claims one in claims)
            {
                foreach (Claims other in claims.Where(other => other != one && other.Objects.Overlaps(one.Objects)))
                {
                    Assert.NotEqual(placement.ClusterOf[one.Application], placement.ClusterOf[other.Application]);
                }
            }
        }
    }

    [Fact]
    public void Ten_thousand_applications_are_placed_without_comparing_every_pair()
    {
        Claims[] claims = [.. Enumerable.Range(0, 10_000).Select(number => Claim($"app-{number}", $"o{number}"))];
        Assert.Single(ClusterPlacer.Place(claims, []).Clusters);
    }

    private static Claims Claim(string application, params string[] objects) =>
        new(application, "https://kubernetes.default.svc", objects.Select(name => new ResourceId("", "Thing", "", name)).ToHashSet());
}
