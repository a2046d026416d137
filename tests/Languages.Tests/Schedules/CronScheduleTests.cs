using System.Globalization;
using Bowline.Languages.Schedules;

namespace Bowline.Languages.Tests.Schedules;

public sealed class CronScheduleTests
{
    [Theory]
    [InlineData("*/15 * * * *", null, "2026-01-01T12:00:00Z", "2026-01-01T12:15:00Z")]
    [InlineData("*/15 9-17 * * mon-fri", null, "2026-03-06T17:50:00Z", "2026-03-09T09:00:00Z")]
    [InlineData("0 3 * * MON", null, "2026-01-01T12:00:00Z", "2026-01-05T03:00:00Z")]
    [InlineData("30 2 1 * *", "Europe/Berlin", "2026-01-01T12:00:00Z", "2026-02-01T01:30:00Z")]
    [InlineData("TZ=Europe/Berlin 30 2 1 * *", null, "2026-01-01T12:00:00Z", "2026-02-01T01:30:00Z")]
    [InlineData("30 2 * * *", "Europe/Berlin", "2026-03-28T12:00:00Z", "2026-03-30T00:30:00Z")]
    [InlineData("@daily", null, "2026-01-01T12:00:00Z", "2026-01-02T00:00:00Z")]
    [InlineData("@every 1h30m", null, "2026-01-01T12:00:00Z", "2026-01-01T13:30:00Z")]
    [InlineData("@every 10ms", null, "2026-01-01T12:00:00.5Z", "2026-01-01T12:00:01Z")]
    [InlineData("0 0 13 * FRI", null, "2026-01-01T12:00:00Z", "2026-01-02T00:00:00Z")]
    [InlineData("0 0 */31 * FRI", null, "2026-01-02T12:00:00Z", "2026-01-09T00:00:00Z")]
    [InlineData("0 0 * * FRI", null, "2026-01-03T12:00:00Z", "2026-01-09T00:00:00Z")]
    [InlineData("30 4 1,15 * *", null, "2026-03-02T00:00:00Z", "2026-03-15T04:30:00Z")]
    [InlineData("0 0 29 2 *", null, "2026-03-02T00:00:00Z", "2028-02-29T00:00:00Z")]
    [InlineData("0 0 30 2 *", null, "2026-01-01T12:00:00Z", null)]
    public void A_schedule_knows_its_next_time(string schedule, string? zone, string after, string? next)
    {
        TimeZoneInfo? found = zone is null ? null : TimeZoneInfo.FindSystemTimeZoneById(zone);
        Assert.Equal(next, CronSchedule.Parse(schedule, found).Next(DateTimeOffset.Parse(after, CultureInfo.InvariantCulture))?.ToString("yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture));
    }

    // The nights in which clocks are moved, as robfig/cron's spec_test.go has them: what is skipped does not come, what the clock shows twice comes twice.
    [Theory]
    [InlineData("0 1 * * *", "America/New_York", "2012-03-11T05:00:00Z", "2012-03-11T06:00:00Z", "2012-03-12T05:00:00Z")]
    [InlineData("0 2 * * *", "America/New_York", "2012-03-10T08:00:00Z", "2012-03-12T06:00:00Z", "2012-03-13T06:00:00Z")]
    [InlineData("0 * * * *", "America/New_York", "2012-03-11T05:00:00Z", "2012-03-11T06:00:00Z", "2012-03-11T07:00:00Z", "2012-03-11T08:00:00Z")]
    [InlineData("0 1 * * *", "America/New_York", "2012-11-04T04:00:00Z", "2012-11-04T05:00:00Z", "2012-11-04T06:00:00Z", "2012-11-05T06:00:00Z")]
    [InlineData("30 2 4 11 *", "America/New_York", "2012-11-04T04:00:00Z", "2012-11-04T07:30:00Z")]
    [InlineData("0 2 * * *", "Europe/Berlin", "2026-10-24T12:00:00Z", "2026-10-25T00:00:00Z", "2026-10-25T01:00:00Z", "2026-10-26T01:00:00Z")]
    [InlineData("*/30 * * * *", "Europe/Berlin", "2026-10-24T23:45:00Z", "2026-10-25T00:00:00Z", "2026-10-25T00:30:00Z", "2026-10-25T01:00:00Z", "2026-10-25T01:30:00Z", "2026-10-25T02:00:00Z")]
    [InlineData("*/30 * * * *", "Europe/Berlin", "2026-03-29T00:15:00Z", "2026-03-29T00:30:00Z", "2026-03-29T01:00:00Z", "2026-03-29T01:30:00Z")]
    [InlineData("0 0 * * *", "America/Sao_Paulo", "2018-11-03T04:00:00Z", "2018-11-05T02:00:00Z")]
    [InlineData("0 9 4 11 *", "America/Sao_Paulo", "2018-10-17T09:00:00Z", "2018-11-04T11:00:00Z")]
    [InlineData("0 0 4 11 *", "America/Havana", "2018-11-03T12:00:00Z", "2018-11-04T04:00:00Z", "2018-11-04T05:00:00Z")]
    [InlineData("0 */2 * * *", "Australia/Lord_Howe", "2026-10-03T14:00:00Z", "2026-10-03T17:00:00Z", "2026-10-03T19:00:00Z")]
    public void Clocks_that_are_moved_skip_and_repeat_as_cron_has_it(string schedule, string zone, string after, params string[] expected)
    {
        CronSchedule parsed = CronSchedule.Parse(schedule, TimeZoneInfo.FindSystemTimeZoneById(zone));
        DateTimeOffset at = DateTimeOffset.Parse(after, CultureInfo.InvariantCulture);
        Assert.Equal(expected, expected.Select(_ => (at = parsed.Next(at)!.Value).UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture)));
    }

    // The texts are robfig/cron's, as kube-apiserver shows them.
    [Theory]
    [InlineData("", "empty spec string")]
    [InlineData("* * * *", "expected exactly 5 fields, found 4: [* * * *]")]
    [InlineData("* * * * * *", "expected exactly 5 fields, found 6: [* * * * * *]")]
    [InlineData("61 * * * *", "end of range (61) above maximum (59): 61")]
    [InlineData("* * 0 * *", "beginning of range (0) below minimum (1): 0")]
    [InlineData("* * * * 7", "end of range (7) above maximum (6): 7")]
    [InlineData("5-1 * * * *", "beginning of range (5) beyond end of range (1): 5-1")]
    [InlineData("1-2-3 * * * *", "too many hyphens: 1-2-3")]
    [InlineData("*/1/2 * * * *", "too many slashes: */1/2")]
    [InlineData("*/0 * * * *", "step of range should be a positive number: */0")]
    [InlineData("a * * * *", "failed to parse int from a: strconv.Atoi: parsing \"a\": invalid syntax")]
    [InlineData("99999999999999 * * * *", "failed to parse int from 99999999999999")]
    [InlineData("@often", "unrecognized descriptor: @often")]
    [InlineData("@every often", "failed to parse duration @every often")]
    [InlineData("TZ=Nowhere/Land * * * * *", "provided bad location Nowhere/Land: unknown time zone Nowhere/Land")]
    public void What_is_no_schedule_is_refused_with_the_reason(string schedule, string reason) =>
        Assert.StartsWith(reason, Assert.Throws<FormatException>(() => CronSchedule.Parse(schedule, null)).Message);

    [Fact]
    public void A_schedule_of_no_value_never_fires() => Assert.Null(CronSchedule.Parse(", * * * *", null).Next(new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero)));
}
