using System.Text;
using Bowline.Languages.GoTemplates.Evaluating;
using Bowline.Languages.GoTemplates.Parsing;
using Bowline.Languages.GoTemplates.Sprig;
using Bowline.Languages.GoTemplates.Values;
using Bowline.Resources.Json;
using Bowline.Resources.Model;

namespace Bowline.Languages.Tests.GoTemplates;

/// <summary>Whatever the template, it ends in output or in a TemplateException, within its limits.</summary>
public class FuzzTests
{
    private static readonly TemplateLimits Tight = new() { MaxAllocatedBytes = 4 << 20, MaxOutput = 1 << 20, MaxSteps = 20_000, MaxDepth = 200 };

    private static readonly string[] Slow =
        ["bcrypt", "htpasswd", "derivePassword", "genPrivateKey", "genCA", "genSelfSignedCert", "genSignedCert", "genCAWithKey", "genSelfSignedCertWithKey", "genSignedCertWithKey"];

    [Fact]
    public void Random_templates_end_in_output_or_a_template_error()
    {
        List<string> bugs = [];
        for (int seed = 0; seed < 6000 && bugs.Count < 20; seed++)
        {
            string template = new Generator(new Random(seed)).Template();
            if (Crash(template) is { } crash)
            {
                bugs.Add($"seed {seed}: {template}\n    {crash}");
            }
        }

        Assert.True(bugs.Count == 0, string.Join('\n', bugs));
    }

    [Fact]
    public void Garbled_templates_end_in_output_or_a_template_error()
    {
        List<string> bugs = [];
        for (int seed = 0; seed < 4000 && bugs.Count < 20; seed++)
        {
            Random random = new(seed);
            StringBuilder template = new(new Generator(random).Template());
            for (int i = 0; i < 4 && template.Length > 0; i++)
            {
                int at = random.Next(template.Length);
                _ = random.Next(3) switch
                {
                    0 => template.Remove(at, 1),
                    1 => template.Insert(at, "{}()|.$\"`'-:=,\\\n é\ud83d\0/*"[random.Next(22)]),
                    _ => template.Insert(at, template.ToString(at, Math.Min(8, template.Length - at))),
                };
            }

            if (Crash(template.ToString()) is { } crash)
            {
                bugs.Add($"seed {seed}: {template}\n    {crash}");
            }
        }

        Assert.True(bugs.Count == 0, string.Join('\n', bugs));
    }

    private static string? Crash(string template)
    {
        using CancellationTokenSource timeout = new(TimeSpan.FromSeconds(20));
        try
        {
            TemplateSet set = new(SprigFunctions.Table);
            set.Parse("fuzz", template);
            set.Execute("fuzz", Data(), new TemplateRun(SprigFunctions.Table, timeout.Token) { Limits = Tight, Random = new Random(1), MissingKey = MissingKey.Zero });
            return null;
        }
        catch (TemplateException exception)
        {
            Exception inner = exception;
            while (inner is TemplateException { InnerException: { } next })
            {
                inner = next;
            }

            // Anything else is a slip in a function that the evaluator had to catch.
            return inner is TemplateException or GoError or TemplateLimitException ? null : inner.ToString();
        }
        catch (Exception exception)
        {
            return exception.ToString();
        }
    }

    private static Node Data() => JsonReader.Read("""
        {"s":"héllo wörld","e":"","i":3,"f":2.5,"b":true,"n":null,"l":["a",1,null,{"x":1}],"m":{"a":1,"b":{"c":"d"}},
         "t":"2024-02-29T12:00:00Z","v":"v1.2.3-rc.1","j":"{\"a\":[1,2]}","url":"http://u:p@h:80/p?q#f","big":123456789012}
        """);

    private sealed class Generator(Random random)
    {
        private static readonly string[] Names =
            [.. SprigFunctions.Table.Names.Except(Slow).Order(StringComparer.Ordinal), "print", "printf", "println", "index", "len", "and", "or", "not", "eq", "lt", "html", "js", "urlquery", "call"];

        private static readonly string[] Atoms =
        [
            ".", "$", ".s", ".e", ".i", ".f", ".b", ".n", ".l", ".m", ".t", ".v", ".j", ".url", ".big", ".missing", ".m.b.c", ".m.x.y", ".s.x", "nil", "true", "false",
            "0", "1", "-1", "2", "10", "1.5", "1e30", "-0", "0x1F", "'a'", "9223372036854775807", "-9223372036854775808", "1i", "\"\"", "\"a\"", "\"a,b\"", "\"%d %s %v %[2]q %*d\"",
            "\"2006-01-02\"", "\"(a|b)+?\"", "\"[a-z\"", "`\\pL{2,}`", "\"1h30m\"", "\">=1.2 <2\"", "\"string\"", "\"\\xff\"", "\"..//a\"", "\"Europe/Paris\"", "now", "list", "dict",
            "(semver \"1.2.3-a\")", "(duration 90)", "(toDate \"2006\" \"x\")", "(list 1 nil (dict \"a\" 1.5))", "(urlParse \"http://a/b\")", "(b64dec \"/w==\")", "(fail)", "(until 3)",
        ];

        private const string Verbs = "vTtbcdoOqxXUeEfFgGspw%!z";

        private int depth;

        public string Template()
        {
            StringBuilder text = new();
            for (int i = random.Next(1, 4); i > 0; i--)
            {
                text.Append(Piece());
            }

            return text.ToString();
        }

        private string Piece()
        {
            if (++depth > 5)
            {
                return "x";
            }

            string piece = random.Next(9) switch
            {
                0 => $"{{{{ if {Pipeline()} }}}}{Piece()}{{{{ else if {Pipeline()} }}}}{Piece()}{{{{ end }}}}",
                1 => $"{{{{ range {Pipeline()} }}}}{Piece()}{{{{ else }}}}{Piece()}{{{{ end }}}}",
                2 => $"{{{{- range $k, $v := {Pipeline()} -}}}} {{{{ $v }}}}{Piece()}{{{{ if $k }}}}{{{{ continue }}}}{{{{ end }}}} {{{{ end }}}}",
                3 => $"{{{{ with {Pipeline()} }}}}{Piece()}{{{{ end }}}}",
                4 => $"{{{{ $x := {Pipeline()} }}}}{{{{ $x = {Pipeline()} }}}}{{{{ $x }}}}",
                5 => $"{{{{ define \"d{random.Next(3)}\" }}}}{{{{ . }}}}{{{{ end }}}}{{{{ template \"d0\" {Pipeline()} }}}}",
                6 => "text ",
                _ => $"{{{{ {Pipeline()} }}}}",
            };
            depth--;
            return piece;
        }

        private string Pipeline() => random.Next(3) == 0 ? $"{Command()} | {Call()}" : Command();

        private string Command() => random.Next(4) == 0 ? Atom() : Call();

        private string Call()
        {
            string name = Names[random.Next(Names.Length)];
            int arity = SprigFunctions.Table.Find(name)?.Parameters.Count ?? 2;
            int count = Math.Max(0, arity + (random.Next(6) == 0 ? random.Next(-1, 3) : 0));
            string format = name == "printf" ? $" \"{Format()}{Format()}\"" : string.Empty;
            return name + format + string.Concat(Enumerable.Range(0, count).Select(_ => " " + Atom()));
        }

        /// <summary>One directive of fmt: flags, width, precision and a verb, right or wrong.</summary>
        private string Format() => "%" + string.Concat(Enumerable.Range(0, random.Next(3)).Select(_ => "+-# 0"[random.Next(5)]))
            + new[] { "", "", "5", "*", ".3", ".*", "[2]", "[9]", "[x" }[random.Next(9)] + Verbs[random.Next(Verbs.Length)];

        private string Atom()
        {
            if (++depth < 6 && random.Next(4) == 0)
            {
                string nested = $"({Pipeline()})" + (random.Next(5) == 0 ? ".x" : string.Empty);
                depth--;
                return nested;
            }

            depth--;
            return Atoms[random.Next(Atoms.Length)];
        }
    }
}
