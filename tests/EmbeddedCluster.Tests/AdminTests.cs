using Bowline.EmbeddedCluster.Hosting;

namespace Bowline.EmbeddedCluster.Tests;

/// <summary>Tests that each have an API server of their own, without controllers, and an administrator who asks it.</summary>
public abstract class AdminTests : IAsyncLifetime
{
    private protected EmbeddedClusterHost Host { get; private set; } = null!;

    private protected Rest Admin { get; private set; } = null!;

    public async Task InitializeAsync()
    {
        Host = await EmbeddedClusterHost.StartAsync(new EmbeddedClusterOptions(), default);
        Admin = Rest.Admin(Host);
        await Admin.MadeAsync("/api/v1/namespaces/default/serviceaccounts", "{metadata: {name: default}}");
    }

    public async Task DisposeAsync()
    {
        Admin.Dispose();
        await Host.DisposeAsync();
    }
}
