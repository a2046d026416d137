using Bowline.Languages.GoTemplates.Evaluating;
using Bowline.Languages.GoTemplates.Parsing;
using Bowline.Languages.GoTemplates.Sprig;
using Bowline.Languages.GoTemplates.Values;
using Bowline.Resources.Model;

namespace Bowline.Languages.Tests.GoTemplates;

public class LimitTests
{
    private static readonly TemplateLimits Limits = new() { MaxAllocatedBytes = 16 << 20, MaxOutput = 4 << 20, MaxSteps = 500_000 };

    public static TheoryData<string> Bombs => new()
    {
        "{{ define \"a\" }}{{ template \"a\" . }}{{ end }}{{ template \"a\" . }}",
        "{{ define \"a\" }}{{ if true }}{{ with 1 }}{{ range 1 }}{{ template \"b\" . }}{{ end }}{{ end }}{{ end }}{{ end }}{{ define \"b\" }}{{ template \"a\" . }}{{ end }}{{ template \"a\" . }}",
        "{{ repeat 2000000000 \"x\" }}",
        "{{ until 2000000000 }}",
        "{{ untilStep 0 9223372036854775807 1 }}",
        "{{ seq 1 2000000000 }}",
        "{{ range 9223372036854775807 }}{{ end }}",
        "{{ range 100000000 }}x{{ end }}",
        "{{ $s := \"xxxxxxxx\" }}{{ range 100 }}{{ $s = print $s $s }}{{ end }}",
        "{{ $s := \"a\" }}{{ range 100 }}{{ $s = replace \"a\" \"aaaaaaaaaa\" $s }}{{ end }}",
        "{{ $d := dict }}{{ $_ := set $d \"a\" $d }}{{ $d }}",
        "{{ $d := dict }}{{ $_ := set $d \"a\" $d }}{{ mustToJson $d }}",
        "{{ $d := dict }}{{ $_ := set $d \"a\" $d }}{{ deepCopy $d }}",
        "{{ $d := dict }}{{ $_ := set $d \"a\" $d }}{{ $e := dict }}{{ $_ := set $e \"a\" $e }}{{ deepEqual $d $e }}",
        "{{ $d := dict }}{{ range 100000 }}{{ $d = dict \"a\" $d }}{{ end }}{{ $d }}",
        "{{ $l := list 1 }}{{ range 60 }}{{ $l = list $l $l }}{{ end }}{{ $l }}",
        "{{ $l := list 1 }}{{ range 60 }}{{ $l = list $l $l }}{{ end }}{{ mustToJson $l }}",
        "{{ $l := list 1 }}{{ range 60 }}{{ $l = list $l $l }}{{ end }}{{ deepCopy $l }}",
        "{{ $l := list 1 }}{{ $m := list 1 }}{{ range 60 }}{{ $l = list $l $l }}{{ $m = list $m $m }}{{ end }}{{ deepEqual $l $m }}",
        "{{ semverCompare (print (repeat 200 \"1   \") \"!\") \"1.2.3\" }}",
        "{{ mustRegexMatch (repeat 20000 \"{(\") \"x\" }}",
        "{{ mustRegexMatch \"((((a{900}){900}){900}){900})\" \"x\" }}",
        "{{ indent 100000000 \"a\\nb\\nc\" }}",
        "{{ randAlphaNum 2000000000 }}",
        "{{ wrapWith 1 (repeat 10000 \"x\") (repeat 10000 \"y\") }}",
        "{{ range 1000000 }}{{ printf \"%1000000d\" 1 }}{{ end }}",
        "{{ $l := list }}{{ range 1000000 }}{{ $l = append $l 1 }}{{ end }}",
    };

    [Theory]
    [MemberData(nameof(Bombs))]
    public void A_bomb_ends_in_a_template_error(string template)
    {
        Assert.Throws<TemplateException>(() => Render(template, CancellationToken.None));
    }

    [Theory]
    [InlineData("(", ")", "1")]
    [InlineData("{{ if true }}", "{{ end }}", "")]
    [InlineData("(print ", ")", "1")]
    public void Deep_nesting_in_a_text_is_refused_or_rendered(string open, string close, string core)
    {
        foreach (int depth in (int[])[100, 900, 100_000])
        {
            string nested = string.Concat(Enumerable.Repeat(open, depth)) + core + string.Concat(Enumerable.Repeat(close, depth));
            string template = open[0] == '{' ? nested : $"{{{{ {nested} }}}}";
            TemplateException? failure = Record.Exception(() => Render(template, CancellationToken.None)) as TemplateException;
            Assert.Equal(depth > 1000, failure?.IsParseError ?? false);
        }
    }

    [Fact]
    public void A_small_stack_is_enough_for_deep_calls()
    {
        string? output = null;
        Thread thread = new(() => output = Render(
            "{{ define \"a\" }}{{ if gt . 0 }}{{ template \"a\" (int (sub . 1)) }}{{ else }}done{{ end }}{{ end }}{{ template \"a\" 5000 }}", CancellationToken.None), 512 * 1024);
        thread.Start();
        thread.Join();
        Assert.Equal("done", output);
    }

    [Fact]
    public void Cancelling_stops_a_loop()
    {
        using CancellationTokenSource cancelled = new(TimeSpan.FromMilliseconds(50));
        TemplateSet set = new(SprigFunctions.Table);
        set.Parse("x", "{{ range 9223372036854775807 }}{{ end }}");
        Assert.ThrowsAny<OperationCanceledException>(() => set.Execute("x", Node.Null, new TemplateRun(SprigFunctions.Table, cancelled.Token)
        {
            Limits = new TemplateLimits { MaxSteps = long.MaxValue },
        }));
    }

    private static string Render(string template, CancellationToken cancellation)
    {
        TemplateSet set = new(SprigFunctions.Table);
        set.Parse("x", template);
        return set.Execute("x", new MapNode(), new TemplateRun(SprigFunctions.Table, cancellation) { Limits = Limits, Random = new Random(1) });
    }
}
