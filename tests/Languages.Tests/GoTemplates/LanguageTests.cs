using System.Text;
using Bowline.Languages.GoTemplates.Evaluating;
using Bowline.Languages.GoTemplates.Parsing;
using Bowline.Languages.GoTemplates.Sprig;
using Bowline.Languages.GoTemplates.Values;
using Bowline.Resources.Json;
using Bowline.Resources.Model;

namespace Bowline.Languages.Tests.GoTemplates;

/// <summary>The language apart from Helm: what the goldens do not reach.</summary>
public class LanguageTests
{
    [Theory]
    [InlineData("{{ .missing }}", "<no value>")]
    [InlineData("{{ .missing.deeper }}", "<no value>")]
    [InlineData("{{ $x := .missing }}{{ $x.y.z }}", "<no value>")]
    [InlineData("{{ range $i := 3 }}{{ $i }}{{ end }}", "012")]
    [InlineData("{{ range 0 }}x{{ else }}none{{ end }}", "none")]
    [InlineData("{{ range .l }}{{ if eq . \"b\" }}{{ break }}{{ end }}{{ . }}{{ end }}", "a")]
    [InlineData("{{ $n := 0 }}{{ range .l }}{{ $n = add $n 1 }}{{ end }}{{ $n }}", "2")]
    [InlineData("{{ with .s }}{{ . }}{{ else with .l }}{{ len . }}{{ end }}", "text")]
    [InlineData("{{ with .empty }}{{ . }}{{ else with .l }}{{ len . }}{{ end }}", "2")]
    [InlineData("a  {{- /* trimmed */ -}}  b", "ab")]
    [InlineData("{{ define \"x\" }}{{ . }}{{ end }}{{ template \"x\" 1 }}", "1")]
    [InlineData("{{ block \"x\" .s }}<{{ . }}>{{ end }}", "<text>")]
    [InlineData("{{ print nil 1.5 \"a\" }}", "<nil> 1.5a")]
    [InlineData("{{ printf \"%[2]d %[1]d\" 1 2 }}", "2 1")]
    [InlineData("{{ printf \"%*d|%-*d|\" 4 7 3 8 }}", "   7|8  |")]
    [InlineData("{{ printf \"100%\" }}", "100%!(NOVERB)")]
    [InlineData("{{ printf \"%d\" }}", "%!d(MISSING)")]
    [InlineData("{{ printf \"x\" 1 \"a\" }}", "x%!(EXTRA int=1, string=a)")]
    [InlineData("{{ printf \"%[5]d\" 1 }}", "%!d(BADINDEX)")]
    [InlineData("{{ printf \"%6.2f|%+.1e|%g\" 3.14159 12345.678 1e-7 }}", "  3.14|+1.2e+04|1e-07")]
    [InlineData("{{ printf \"%08.3f|%-8.2f|% .1f\" -3.14159 2.5 1.25 }}", "-003.142|2.50    | 1.2")]
    [InlineData("{{ printf \"%t %v %q %x\" true nil 65 \"hi\" }}", "true <nil> 'A' 6869")]
    [InlineData("{{ and 1 0 2 }}{{ or 0 \"\" 3 }}{{ not 1 }}", "03false")]
    [InlineData("{{ index .m \"a\" }}{{ (index .l 1) }}", "1b")]
    [InlineData("{{ 1_000 }} {{ 0x_FF }} {{ 0b11 }} {{ 1e3 }} {{ 'a' }} {{ 2i }}", "1000 255 3 1000 97 (0+2i)")]
    public void A_template_prints(string template, string expected) => Assert.Equal(expected, Render(template));

    [Fact]
    public void A_text_is_executed_in_a_set_of_its_own_as_in_one_that_is_shared()
    {
        TemplateSet set = new(SprigFunctions.Table);
        TemplateRun run = new(SprigFunctions.Table);
        Assert.Equal("one", set.ExecuteText("t", "{{ `one` }}", Node.Null, run));
        Assert.Equal("two", set.Clone().ExecuteText("t", "{{ `two` }}", Node.Null, run));
        Assert.Equal("three", set.ExecuteText("t", "{{ `three` }}", Node.Null, run));
        Assert.Equal(string.Empty, set.ExecuteText("t", " ", Node.Null, run).Trim());
    }

    [Theory]
    [InlineData("{{ .s.x }}", "template: t:1:5: executing \"t\" at <.s.x>: can't evaluate field x in type interface {}")]
    [InlineData("{{ with .s }}{{ .x }}{{ end }}", "template: t:1:16: executing \"t\" at <.x>: can't evaluate field x in type string")]
    [InlineData("{{ .s 1 }}", "template: t:1:3: executing \"t\" at <.s>: s is not a method but has arguments")]
    [InlineData("{{ 1 2 }}", "template: t:1:3: executing \"t\" at <1>: can't give argument to non-function 1")]
    [InlineData("\n é{{ index .l 7 }}", "template: t:2:6: executing \"t\" at <index .l 7>: error calling index: index out of range: 7")]
    [InlineData("{{ template \"no\" }}", "template: t:1:12: executing \"t\" at <{{template \"no\"}}>: template \"no\" not defined")]
    [InlineData("{{ range $i, $x := 3 }}{{ end }}", "template: t:1:19: executing \"t\" at <3>: can't use 3 to iterate over more than one variable")]
    [InlineData("{{ lt 1 1.5 }}", "template: t:1:3: executing \"t\" at <lt 1 1.5>: error calling lt: incompatible types for comparison: int and float64")]
    [InlineData("{{ if }}{{ end }}", "template: t:1: missing value for if")]
    [InlineData("{{ if .s }}", "template: t:1: unexpected EOF")]
    [InlineData("{{ nope }}", "template: t:1: function \"nope\" not defined")]
    [InlineData("{{ $x }}", "template: t:1: undefined variable \"$x\"")]
    [InlineData("{{ \"a\".b }}", "template: t:1: unexpected . after term \"\\\"a\\\"\"")]
    [InlineData("{{ .s | 1 }}", "template: t:1: non executable command in pipeline stage 2")]
    [InlineData("{{ ) }}", "template: t:1: unexpected right paren")]
    [InlineData("{{ range $a, $b, $c := .l }}{{ end }}", "template: t:1: too many declarations in range")]
    [InlineData("{{ 12345678901234567890123 }}", "template: t:1: integer overflow: \"12345678901234567890123\"")]
    [InlineData("{{ 9223372036854775808 }}", "template: t:1:3: executing \"t\" at <9223372036854775808>: 9223372036854775808 overflows int")]
    public void A_template_fails_with_Gos_words(string template, string expected) =>
        Assert.Equal(expected, Assert.Throws<TemplateException>(() => Render(template)).Message);

    [Fact]
    public void A_missing_key_is_an_error_when_the_run_says_so()
    {
        TemplateException failure = Assert.Throws<TemplateException>(() => Render("{{ .nope }}", MissingKey.Error));
        Assert.Equal("template: t:1:3: executing \"t\" at <.nope>: map has no entry for key \"nope\"", failure.Message);
    }

    [Fact]
    public void A_definition_replaces_an_earlier_one_unless_it_is_empty()
    {
        TemplateSet set = new(FunctionTable.Empty);
        set.Parse("a", "{{ define \"x\" }}first{{ end }}");
        set.Parse("b", "{{ define \"x\" }}second{{ end }}");
        set.Parse("c", "{{ define \"x\" }} \n {{ end }}");
        Assert.Equal("second", set.Execute("x", Node.Null, new TemplateRun(FunctionTable.Empty)));
    }

    [Fact]
    public void What_is_parsed_into_a_clone_stays_in_it()
    {
        TemplateSet set = new(FunctionTable.Empty, new ParseCache());
        set.Parse("a", "{{ define \"x\" }}old{{ end }}");
        TemplateSet clone = set.Clone();
        clone.Parse("gotpl", "{{ define \"x\" }}new{{ end }}{{ template \"x\" }}");
        Assert.Equal("new", clone.Execute("gotpl", Node.Null, new TemplateRun(FunctionTable.Empty)));
        Assert.Equal("old", set.Execute("x", Node.Null, new TemplateRun(FunctionTable.Empty)));
        Assert.False(set.Contains("gotpl"));
    }

    [Fact]
    public void A_set_that_has_clones_still_takes_texts_and_they_do_not_see_them()
    {
        TemplateSet set = new(FunctionTable.Empty);
        set.Parse("a", "old");
        TemplateSet clone = set.Clone();
        set.Parse("a", "new");
        set.Parse("b", "{{ template \"a\" }}");
        Assert.Equal("new", set.Execute("b", Node.Null, new TemplateRun(FunctionTable.Empty)));
        Assert.Equal("old", clone.Execute("a", Node.Null, new TemplateRun(FunctionTable.Empty)));
        Assert.Equal(["a", "b"], set.Names.Order());
        Assert.Equal(["a"], clone.Names);
    }

    [Fact]
    public void Texts_in_use_stay_parsed_however_many_others_are_parsed_once()
    {
        ParseCache cache = new(maxCharacters: 20_000);
        TemplateSet set = new(FunctionTable.Empty, cache);
        IReadOnlyCollection<TemplateTree> kept = cache.Parse("kept", "{{ 1 }}", FunctionTable.Empty.Names);
        IReadOnlyCollection<TemplateTree> once = cache.Parse("once", "{{ 2 }}", FunctionTable.Empty.Names);
        for (int i = 0; i < 1000; i++)
        {
            set.Clone().Parse("gotpl", $"{{{{ {i} }}}}");
            Assert.Same(kept, cache.Parse("kept", "{{ 1 }}", FunctionTable.Empty.Names));
        }

        Assert.NotSame(once, cache.Parse("once", "{{ 2 }}", FunctionTable.Empty.Names));
    }

    [Fact]
    public void One_set_serves_many_threads()
    {
        TemplateSet set = new(SprigFunctions.Table);
        set.Parse("x", "{{ range $i, $e := until 50 }}{{ $i | add $e | toString | upper }},{{ end }}");
        string expected = set.Execute("x", Node.Null, new TemplateRun(SprigFunctions.Table));
        Parallel.For(0, 64, _ => Assert.Equal(expected, set.Execute("x", Node.Null, new TemplateRun(SprigFunctions.Table))));
    }

    [Fact]
    public void Other_delimiters_can_be_set()
    {
        TemplateSet set = new(FunctionTable.Empty) { Delimiters = ("<<", ">>") };
        set.Parse("x", "{{ << print 1 >> }}");
        Assert.Equal("{{ 1 }}", set.Execute("x", Node.Null, new TemplateRun(FunctionTable.Empty)));
    }

    [Fact]
    public void Bytes_that_are_not_text_survive_decoding_and_encoding()
    {
        string all = Convert.ToBase64String([.. Enumerable.Range(0, 256).Select(value => (byte)value)]);
        Assert.Equal(all, Render($"{{{{ \"{all}\" | b64dec | b64enc }}}}"));
        Assert.Equal("256", Render($"{{{{ \"{all}\" | b64dec | len }}}}"));
    }

    [Fact]
    public void An_error_names_every_template_on_its_way()
    {
        TemplateSet set = new(FunctionTable.Empty);
        set.Parse("outer", "\n{{ template \"inner\" . }}{{ define \"inner\" }}{{ .s.x }}{{ end }}");
        TemplateException failure = Assert.Throws<TemplateException>(() => set.Execute("outer", Data(), new TemplateRun(FunctionTable.Empty)));
        Assert.Equal([new TemplateFrame("outer", 2, 12), new TemplateFrame("outer", 2, 49)], failure.Frames);
        Assert.Equal("can't evaluate field x in type interface {}", failure.Reason);
    }

    [Fact]
    public void The_same_seed_and_clock_give_the_same_text()
    {
        const string Template = "{{ randAlphaNum 8 }} {{ uuidv4 }} {{ shuffle \"abcdef\" }} {{ now | unixEpoch }} {{ bcrypt \"x\" }}";
        Assert.Equal(Render(Template), Render(Template));
    }

    private static Node Data() => JsonReader.Read("""{"s":"text","empty":"","l":["a","b"],"m":{"a":1}}""");

    private static string Render(string template, MissingKey missingKey = MissingKey.Default)
    {
        TemplateSet set = new(SprigFunctions.Table);
        set.Parse("t", template);
        return set.Execute("t", Data(), new TemplateRun(SprigFunctions.Table)
        {
            MissingKey = missingKey, Random = new Random(7), Clock = new FixedClock(),
        });
    }

    private sealed class FixedClock : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => new(2024, 2, 29, 12, 0, 0, TimeSpan.Zero);
    }
}
