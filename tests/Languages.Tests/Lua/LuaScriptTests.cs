using Bowline.Languages.Lua;
using Bowline.Resources.Json;
using Bowline.Resources.Model;

namespace Bowline.Languages.Tests.Lua;

/// <summary>Scripts as Argo CD's users write them, and scripts that nobody should be hurt by.</summary>
public sealed class LuaScriptTests
{
    private static readonly TimeProvider Clock = new StandingClock();

    [Theory]
    [InlineData("return {status = 'Healthy', message = obj.name .. '!'}", """{"message":"web!","status":"Healthy"}""")]
    [InlineData("hs = {} for i, c in ipairs(obj.conditions) do if c.type == 'Ready' then hs.status = c.status end end return hs", """{"status":"True"}""")]
    [InlineData("return {1, 2, {a = true}}", """[1,2,{"a":true}]""")]
    [InlineData("return nil", "null")]
    [InlineData("return {}", "{}")]
    [InlineData("return 4 / 2", "2")]
    [InlineData("return 2 ^ 0.5", "1.4142135623730951")]
    [InlineData("obj.spec.replicas = 3 return obj.spec", """{"replicas":3}""")]
    [InlineData("return os.date('!%Y-%m-%dT%XZ', 0)", "\"1970-01-01T00:00:00Z\"")]
    [InlineData("local os = require('os') return os.time()", "1767225600")]
    [InlineData("return os.time({year = 2026, month = 1, day = 1, hour = 0})", "1767225600")]
    [InlineData("return os.date('*t', 0).year", "1970")]
    [InlineData("return string.find('hello world', 'o w')", "5")]
    [InlineData("return ('key=value'):match('(%w+)=(%w+)')", "\"key\"")]
    [InlineData("local t = {} for k, v in string.gmatch('a=1, b=2', '(%w+)=(%w+)') do t[k] = v end return t", """{"a":"1","b":"2"}""")]
    [InlineData("local t = {} for w in ('one two'):gmatch('%a+') do t[#t + 1] = w end return t", """["one","two"]""")]
    [InlineData("return (string.gsub('hello world', 'o', '0'))", "\"hell0 w0rld\"")]
    [InlineData("return (string.gsub('abc', '%w', '%0%0', 2))", "\"aabbc\"")]
    [InlineData("return (string.gsub('a b', '(%w) (%w)', '%2 %1'))", "\"b a\"")]
    [InlineData("return (string.gsub('$x-$y', '%$(%w+)', {x = '1'}))", "\"1-$y\"")]
    [InlineData("return (string.gsub('abc', '', '-'))", "\"-a-b-c-\"")]
    [InlineData("return (('  trim  '):gsub('^%s*(.-)%s*$', '%1'))", "\"trim\"")]
    [InlineData("return ('f(a(b)c)d'):match('%b()')", "\"(a(b)c)\"")]
    [InlineData("return ('THE (quick) fox'):find('%f[%a]%a+%f[%A]')", "1")]
    [InlineData("return ('a.b'):find('.', 1, true)", "2")]
    [InlineData("local t = {3, 1, 2} table.sort(t) return t", "[1,2,3]")]
    [InlineData("local t = {3, 1, 2, 5, 4} table.sort(t, function(a, b) return a > b end) return t", "[5,4,3,2,1]")]
    [InlineData("local ok, e = pcall(error, 'x') return {ok, e}", """[false,"x"]""")]
    [InlineData("return unpack({7})", "7")]
    [InlineData("return table.getn({1, 2})", "2")]
    public void A_script_returns_what_the_language_says(string source, string expected) => Assert.Equal(expected, JsonWriter.ToText(Run(source)));

    [Theory]
    [InlineData("io")]
    [InlineData("debug")]
    [InlineData("package")]
    [InlineData("load")]
    [InlineData("loadstring")]
    [InlineData("loadfile")]
    [InlineData("dofile")]
    [InlineData("coroutine")]
    [InlineData("collectgarbage")]
    [InlineData("setmetatable")]
    [InlineData("getmetatable")]
    [InlineData("os.execute")]
    [InlineData("os.getenv")]
    [InlineData("os.remove")]
    [InlineData("os.exit")]
    [InlineData("string.dump")]
    [InlineData("import")]
    [InlineData("luanet")]
    public void What_leaves_the_sandbox_is_not_there(string name) => Assert.Equal("null", JsonWriter.ToText(Run($"return {name}")));

    [Theory]
    [InlineData("while true do end", "the script runs too long")]
    [InlineData("while true do pcall(function() while true do end end) end", "the script runs too long")]
    [InlineData("local function f() return f() end return f()", "the script runs too long")]
    [InlineData("table.sort({1, 2, 3}, function() while true do end end)", "the script runs too long")]
    [InlineData("string.gsub('x', 'x', function() while true do end end)", "the script runs too long")]
    [InlineData("local t = {} while true do t[#t + 1] = {} end", "the script needs too much memory")]
    [InlineData("local s = 'x' while true do s = s .. s end", "the script needs too much memory")]
    [InlineData("return string.rep('x', 1e9)", "the script needs too much memory")]
    [InlineData("return string.rep('x', 1e10)", "resulting string too large")]
    [InlineData("return #string.rep('', 1e15)", null)]
    [InlineData("return ('a'):rep(60):find(('a*'):rep(60) .. 'b')", "pattern too complex")]
    [InlineData("return ('x'):rep(100000):find(('.-'):rep(20) .. 'y')", "pattern too complex")]
    [InlineData("local function f() return 1 + f() end return f()", "the script needs too much memory")]
    [InlineData("error({})", "(error object is a table value)")]
    [InlineData("return function() end", "the script returns a function")]
    [InlineData("local t = {} t.t = t return t", "the script returns too large a value")]
    [InlineData("return obj.nope.deeper", "attempt to index a nil value (field 'nope')")]
    [InlineData("this is not lua", "syntax error near 'is'")]
    [InlineData("\u001bLua", "attempt to load a binary chunk")]
    [InlineData("require('socket')", "module 'socket' not found")]
    [InlineData("return ('x'):find('[')", "malformed pattern (missing ']')")]
    public void A_hostile_or_broken_script_ends_with_a_message(string source, string? message)
    {
        if (message is null)
        {
            Run(source);
        }
        else
        {
            Assert.Contains(message, Assert.Throws<LuaException>(() => Run(source)).Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Runs_do_not_see_each_other()
    {
        Run("leaked = 1 string.upper = nil");
        Assert.Equal("""["nil","function"]""", JsonWriter.ToText(Run("return {type(leaked), type(string.upper)}")));
    }

    [Fact]
    public void Scripts_run_side_by_side()
    {
        LuaScript script = new("local n = 0 for i = 1, 10000 do n = n + i end return n + obj", Clock);
        Parallel.For(0, 200, i => Assert.Equal(50005000 + i, script.Run(new Dictionary<string, Node> { ["obj"] = i }).AsInteger()));
    }

    private static Node Run(string source) => new LuaScript(source, Clock).Run(new Dictionary<string, Node>
    {
        ["obj"] = JsonReader.Read("""{"name":"web","spec":{"replicas":1},"conditions":[{"type":"Ready","status":"True"}]}"""u8.ToArray()),
    });

    private sealed class StandingClock : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
    }
}
