using System.Diagnostics;
using System.Formats.Tar;
using System.IO.Compression;
using System.Text;
using Bowline.Rendering.Helm;
using Bowline.Rendering.Requests;
using Bowline.Sources.Files;

namespace Bowline.Tests.Helm;

/// <summary>Charts that mean harm: refused or rendered, in bounded time and memory, and never from outside the chart.</summary>
public sealed class HelmHostileInput
{
    [Theory]
    [InlineData("{{ range 1000000 }}{{ range 1000000 }}0123456789{{ end }}{{ end }}")]
    [InlineData("{{ $x := repeat 1000000 \"0123456789\" }}{{ range 1000 }}{{ $x }}{{ end }}")]
    [InlineData("{{ define \"x\" }}{{ repeat 10000000 \"y\" }}{{ end }}{{ range 1000 }}{{ include \"x\" . }}{{ end }}")]
    [InlineData("{{ $x := \"x\" }}{{ range 60 }}{{ $x = print $x $x }}{{ end }}{{ $x }}")]
    public void A_gigabyte_of_output_ends_in_an_error(string template) => EndsInAnError(template);

    [Theory]
    [InlineData("{{ range seq 1 2000000000 | splitList \" \" }}x{{ end }}")]
    [InlineData("{{ untilStep 0 2000000000 1 }}")]
    [InlineData("{{ range untilStep 0 1 0 }}x{{ end }}")]
    [InlineData("{{ printf \"%2000000000d\" 1 }}")]
    [InlineData("{{ \"x\" | indent 2000000000 }}")]
    [InlineData("{{ \"x\\nx\" | nindent 1999999999 }}")]
    [InlineData("{{ wrap 1 (repeat 300000000 \"ab \") }}")]
    [InlineData("{{ $d := dict \"a\" \"b\" }}{{ range 60 }}{{ $d = dict \"l\" $d \"r\" $d }}{{ end }}{{ toYaml $d }}")]
    [InlineData("{{ randAlphaNum 2000000000 }}")]
    [InlineData("{{ add 1 (len (until 2000000000)) }}")]
    public void Functions_that_would_fill_memory_are_stopped(string template)
    {
        Stopwatch watch = Stopwatch.StartNew();
        try
        {
            Assert.True(new ChartFiles().With("templates/x.yaml", template).Render().Text().Length < 100_000_000);
        }
        catch (RenderException)
        {
            // The clear error is the other good end.
        }

        Assert.True(watch.Elapsed < TimeSpan.FromMinutes(5), $"took {watch.Elapsed}");
    }

    [Theory]
    [InlineData("(a+)+$")]
    [InlineData("(a|a)*b")]
    [InlineData("((a{0,50}){0,50}){0,50}")]
    [InlineData("(.*)(.*)(.*)(.*)(.*)(.*)(.*)(.*)[^a]")]
    [InlineData("a{1000}{1000}")]
    public void A_pattern_from_values_that_would_explode_does_not(string pattern)
    {
        ChartFiles chart = new ChartFiles().With("values.yaml", $"pattern: '{pattern}'\ntext: {new string('a', 50_000)}").Printing("regexMatch .Values.pattern .Values.text");
        Stopwatch watch = Stopwatch.StartNew();
        Exception? error = Record.Exception(() => chart.Render());
        Assert.True(error is null or RenderException, error?.ToString());
        Assert.True(watch.Elapsed < TimeSpan.FromMinutes(5), $"took {watch.Elapsed}");
    }

    [Theory]
    [InlineData(TarEntryType.CharacterDevice)]
    [InlineData(TarEntryType.BlockDevice)]
    [InlineData(TarEntryType.Fifo)]
    [InlineData(TarEntryType.SymbolicLink)]
    [InlineData(TarEntryType.HardLink)]
    public void Entries_of_an_archive_that_are_no_files_are_refused(TarEntryType type)
    {
        using MemoryStream packed = new();
        using (GZipStream zip = new(packed, CompressionLevel.Fastest, leaveOpen: true))
        using (TarWriter tar = new(zip))
        {
            PaxTarEntry entry = new(type, "sub/values.yaml");
            if (type is TarEntryType.SymbolicLink or TarEntryType.HardLink)
            {
                entry.LinkName = "/etc/passwd";
            }

            tar.WriteEntry(entry);
        }

        Assert.Contains("neither a file nor a folder", new ChartFiles().With("charts/sub.tgz", packed.ToArray()).Fails().Reason, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("values.yaml", "../secret.yaml", false)]
    [InlineData("values.yaml", "/etc/passwd", false)]
    [InlineData("values.yaml", "/dev/zero", false)]
    [InlineData("templates/link.yaml", "../../secret.yaml", false)]
    [InlineData("files", "..", true)]
    [InlineData("templates/self", ".", true)]
    public void Symlinks_that_lead_out_of_the_chart_or_in_circles_are_refused(string link, string target, bool folder)
    {
        DirectoryInfo outside = Directory.CreateTempSubdirectory("bowline-links-");
        try
        {
            File.WriteAllText(Path.Combine(outside.FullName, "secret.yaml"), "secret: yes");
            string chart = Path.Combine(outside.FullName, "chart");
            Directory.CreateDirectory(Path.Combine(chart, "templates"));
            File.WriteAllText(Path.Combine(chart, "Chart.yaml"), "apiVersion: v2\nname: t\nversion: 0.1.0\n");
            string path = Path.Combine(chart, link);
            _ = folder ? Directory.CreateSymbolicLink(path, target) : File.CreateSymbolicLink(path, target);
            RenderRequest request = new() { Files = new DirectoryTree(chart), Path = string.Empty, ReleaseName = "r" };
            RenderException error = Assert.Throws<RenderException>(() => new HelmRenderer().Render(request, CancellationToken.None));
            Assert.DoesNotContain("secret: yes", error.ToString(), StringComparison.Ordinal);
        }
        finally
        {
            outside.Delete(recursive: true);
        }
    }

    [Theory]
    [InlineData("name: \"t\\nkind: Secret\"")]
    [InlineData("name: \"..\"")]
    [InlineData("name: \"../../x\"")]
    [InlineData("name: \"t\\0\"")]
    public void A_name_that_would_reach_out_reaches_nothing(string name)
    {
        Exception? error = Record.Exception(() =>
        {
            string text = new ChartFiles($"apiVersion: v2\n{name}\nversion: 0.1.0\n").Printing("1").Render().Text();
            Assert.DoesNotContain("\nkind: Secret", text, StringComparison.Ordinal);
            Assert.DoesNotContain("../", text, StringComparison.Ordinal);
            Assert.DoesNotContain('\0', text);
        });
        Assert.True(error is null or RenderException, error?.ToString());
    }

    [Theory]
    [InlineData("""{"$ref":"#"}""")]
    [InlineData("""{"$ref":"file:///etc/passwd"}""")]
    [InlineData("""{"$ref":"http://127.0.0.1:1/schema.json"}""")]
    [InlineData("""{"$ref":"../../other.json"}""")]
    [InlineData("""{"$schema":"file:///dev/zero"}""")]
    [InlineData("""{"properties":{"a":{"pattern":"(a+)+$"}},"$ref":"#/properties/a/../.."}""")]
    public void A_schema_that_recurses_or_points_elsewhere_is_refused(string schema) =>
        Assert.NotEmpty(new ChartFiles().With("values.yaml", "a: 1").With("values.schema.json", schema).Printing("1").Fails().Reason);

    [Fact]
    public void A_schema_nested_without_end_is_refused()
    {
        string schema = string.Concat(Enumerable.Repeat("{\"not\":", 100_000)) + "{}" + new string('}', 100_000);
        Assert.NotEmpty(new ChartFiles().With("values.schema.json", schema).Printing("1").Fails().Reason);
    }

    [Fact]
    public void Names_of_hosts_are_not_looked_up() => Assert.Equal("\"\"", new ChartFiles().Printing("getHostByName \"localhost\" | quote").Printed());

    [Theory]
    [InlineData("templates/x.yaml")]
    [InlineData("values.yaml")]
    [InlineData("Chart.yaml")]
    [InlineData("values.schema.json")]
    [InlineData(".helmignore")]
    [InlineData("Chart.lock")]
    [InlineData("crds/x.yaml")]
    [InlineData("requirements.yaml")]
    [InlineData("charts/x")]
    public void Bytes_that_are_no_text_give_output_or_an_error(string file)
    {
        byte[][] contents = [[0], [0xff, 0xfe], [.. "a: "u8, 0xc3, 0x28], [.. "a: \"\0\""u8], [0xef, 0xbb, 0xbf], [.. "{{ \"\xed\xa0\x80\" }}"u8], [.. Enumerable.Range(0, 256).Select(i => (byte)i)]];
        foreach (byte[] content in contents)
        {
            Exception? error = Record.Exception(() => new ChartFiles().Printing("1").With(file, content).Render(new HelmOptions { IncludeCrds = true }).Text());
            Assert.True(error is null or RenderException, $"{Convert.ToHexString(content)}: {error}");
        }
    }

    [Fact]
    public void Yaml_that_multiplies_by_aliases_is_refused()
    {
        StringBuilder bomb = new("a0: &a0 [x, x, x, x, x, x, x, x, x]\n");
        for (int level = 1; level < 12; level++)
        {
            bomb.Append(System.Globalization.CultureInfo.InvariantCulture, $"a{level}: &a{level} [{string.Join(", ", Enumerable.Repeat($"*a{level - 1}", 9))}]\n");
        }

        Assert.NotEmpty(new ChartFiles().With("values.yaml", bomb.ToString()).Printing("toYaml .Values").Fails().Reason);
    }

    private static void EndsInAnError(string template)
    {
        // The clock runs on while neighbours have the processor (54 s were seen), so this is generous; without limits it would be hours.
        Stopwatch watch = Stopwatch.StartNew();
        Assert.NotEmpty(new ChartFiles().With("templates/x.yaml", template).Fails().Reason);
        Assert.True(watch.Elapsed < TimeSpan.FromMinutes(5), $"took {watch.Elapsed}");
    }
}
