using System.Net;
using System.Net.Sockets;
using Bowline.Server.Composition;
using Bowline.Server.Composition.Fetching;
using Bowline.Sources.Downloads;
using Bowline.Sources.Files;

namespace Bowline.Server.Tests.Composition;

public sealed class AddressGuardTests
{
    [Theory]
    [InlineData("127.0.0.1", true)]
    [InlineData("127.8.8.8", true)]
    [InlineData("::1", true)]
    [InlineData("::ffff:127.0.0.1", true)]
    [InlineData("::ffff:169.254.169.254", true)]
    [InlineData("0.0.0.0", true)]
    [InlineData("0.1.2.3", true)]
    [InlineData("::", true)]
    [InlineData("169.254.169.254", true)]
    [InlineData("fe80::1", true)]
    [InlineData("fd00:ec2::254", true)]
    [InlineData("100.100.100.200", true)]
    [InlineData("168.63.129.16", true)]
    [InlineData("10.0.0.1", false)]
    [InlineData("192.168.1.1", false)]
    [InlineData("169.253.0.1", false)]
    [InlineData("8.8.8.8", false)]
    [InlineData("2606:4700::1111", false)]
    public void This_machine_and_what_only_it_can_reach_is_told_apart(string address, bool inside) => Assert.Equal(inside, AddressGuard.IsInside(IPAddress.Parse(address)));

    [Theory]
    [InlineData("127.0.0.1")]
    [InlineData("localhost")]
    [InlineData("[::1]")]
    [InlineData("[::ffff:127.0.0.1]")]
    [InlineData("2130706433")]
    [InlineData("0x7f.1")]
    [InlineData("169.254.169.254")]
    public async Task A_download_from_it_is_refused_before_anything_is_sent(string host)
    {
        using TcpListener listener = new(IPAddress.Loopback, 0);
        listener.Start();
        int port = ((IPEndPoint)listener.LocalEndpoint).Port;
        using HttpDownloads web = new(TimeProvider.System, dial: new AddressGuard(new HashSet<string>()).DialAsync);
        SourceException refused = await Assert.ThrowsAsync<SourceException>(() => web.GetAsync(new DownloadRequest(new Uri($"http://{host}:{port}/latest/meta-data"), 1000), CancellationToken.None));
        Assert.Contains("is this machine, or what only it can reach, which generators, value files and notifications may not ask; --allow-host ", refused.Message);
        Assert.False(listener.Pending());
    }

    [Fact]
    public async Task A_host_that_is_allowed_is_asked_and_no_redirect_leads_from_it_to_another()
    {
        using TcpListener listener = new(IPAddress.Loopback, 0);
        listener.Start();
        int port = ((IPEndPoint)listener.LocalEndpoint).Port;
        Task serving = Task.Run(async () =>
        {
            using TcpClient client = await listener.AcceptTcpClientAsync();
            await client.GetStream().WriteAsync(System.Text.Encoding.ASCII.GetBytes($"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:{port}/secret\r\nContent-Length: 0\r\n\r\n"));
            await Task.Delay(2000);
        });
        using HttpDownloads web = new(TimeProvider.System, dial: new AddressGuard(new HashSet<string> { "localhost" }).DialAsync);
        SourceException refused = await Assert.ThrowsAsync<SourceException>(() => web.GetAsync(new DownloadRequest(new Uri($"http://localhost:{port}/"), 1000), CancellationToken.None));
        Assert.Contains("127.0.0.1 is this machine", refused.Message);
        Assert.False(listener.Pending());
        await serving;
    }

    [Fact]
    public async Task Through_a_proxy_of_this_machine_other_hosts_are_asked_and_plain_addresses_of_it_are_not()
    {
        using TcpListener proxy = new(IPAddress.Loopback, 0);
        proxy.Start();
        DnsEndPoint way = new("127.0.0.1", ((IPEndPoint)proxy.LocalEndpoint).Port);
        AddressGuard guard = new(new HashSet<string>());
        await using (Stream opened = await guard.DialAsync("git.example.com", way, CancellationToken.None))
        {
            Assert.True(opened.CanWrite);
        }

        await Assert.ThrowsAsync<IOException>(async () => await guard.DialAsync("169.254.169.254", way, CancellationToken.None));
    }
}
