using Bowline.Resources.Model;
using Bowline.Resources.Schemas;

namespace Bowline.Resources.Tests.Schemas;

public sealed class WellKnownCustomKindsTests
{
    [Theory]
    [InlineData("cert-manager.io", "ClusterIssuer", "clusterissuers", false)]
    [InlineData("gateway.networking.k8s.io", "Gateway", "gateways", true)]
    [InlineData("argoproj.io", "EventBus", "eventbus", true)]
    [InlineData("acid.zalan.do", "postgresql", "postgresqls", true)]
    [InlineData("monitoring.coreos.com", "Prometheus", "prometheuses", true)]
    [InlineData("example.com", "Policy", "policies", true)]
    public void A_custom_kind_has_a_plural_and_a_scope(string group, string kind, string plural, bool namespaced)
    {
        KindDefinition definition = WellKnownCustomKinds.DefinitionOf(new ResourceKind(group, "v1", kind));
        Assert.Equal((plural, namespaced), (definition.Plural, definition.Namespaced));
    }

    [Fact]
    public void Every_entry_of_the_table_is_complete()
    {
        Assert.True(WellKnownCustomKinds.All.Count > 700);
        Assert.All(WellKnownCustomKinds.All, kind =>
        {
            Assert.Matches("^[a-z0-9.-]+$", kind.Group);
            Assert.Matches("^[a-z0-9.-]+$", kind.Plural);
            Assert.Matches("^[A-Za-z0-9]+$", kind.Kind);
            Assert.All(kind.Versions, version => Assert.Matches("^v[0-9]+((alpha|beta)[0-9]+)?$", version));
        });
    }

    [Theory]
    [InlineData("Endpoints", "endpoints")]
    [InlineData("Ingress", "ingresses")]
    [InlineData("Policy", "policies")]
    [InlineData("Widget", "widgets")]
    public void A_plural_is_guessed_as_kubernetes_guesses_it(string kind, string plural) => Assert.Equal(plural, WellKnownCustomKinds.GuessPlural(kind));
}
