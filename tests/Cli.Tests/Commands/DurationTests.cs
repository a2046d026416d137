using Bowline.Cli.Commands;
using Bowline.Server.Composition;

namespace Bowline.Cli.Tests.Commands;

public sealed class DurationTests
{
    [Theory]
    [InlineData("90s", 90)]
    [InlineData("5m", 300)]
    [InlineData("1h30m", 5400)]
    [InlineData("500ms", 0.5)]
    [InlineData("1.5m", 90)]
    public void Go_durations_are_understood(string text, double seconds) => Assert.Equal(TimeSpan.FromSeconds(seconds), Flags.ParseDuration("--timeout", text));

    [Theory]
    [InlineData("")]
    [InlineData("5")]
    [InlineData("m")]
    [InlineData("5 minutes")]
    [InlineData("5x")]
    public void Anything_else_is_wrong_usage(string text) => Assert.Throws<UsageException>(() => Flags.ParseDuration("--timeout", text));
}
