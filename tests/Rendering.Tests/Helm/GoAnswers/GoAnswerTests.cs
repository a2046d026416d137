using System.Text;
using Bowline.Languages.GoTemplates.Evaluating;
using Bowline.Languages.GoTemplates.Parsing;
using Bowline.Languages.GoTemplates.Values;
using Bowline.Rendering.Helm;
using Bowline.Rendering.Helm.Charts;
using Bowline.Rendering.Helm.Functions;
using Bowline.Rendering.Requests;
using Bowline.Resources.Json;
using Bowline.Resources.Model;

namespace Bowline.Tests.Helm.GoAnswers;

/// <summary>Differential test: templates whose outcome a real Go recorded (see the README beside this file).</summary>
public sealed class GoAnswerTests
{
    private const string Prefix = "c/templates/";

    private static readonly string Folder = Path.Combine(SharedFolder.Checkout, "tests", "Rendering.Tests", "Helm", "GoAnswers");

    [Fact]
    public void Every_template_ends_as_it_did_in_go()
    {
        byte[] values = File.ReadAllBytes(Path.Combine(Folder, "values.yaml"));
        int total = 0;
        StringBuilder wrong = new();
        foreach (string line in File.ReadLines(Path.Combine(Folder, "answers.jsonl")))
        {
            total++;
            Node answer = JsonReader.Read(line);
            string template = answer["t"]!.AsString()!;
            string expected = answer["o"]?.AsString() ?? "error: " + answer["e"]!.AsString();
            string actual = Answer(template, answer["v"]?.AsString() is { } own ? Encoding.UTF8.GetBytes(own) : values);
            if (actual != expected)
            {
                wrong.AppendLine($"{template}\n  Go   {expected}\n  here {actual}");
            }
        }

        Assert.True(total > 1000, $"only {total} answers");
        Assert.True(wrong.Length == 0, wrong.ToString());
    }

    private static string Answer(string template, byte[] values)
    {
        MapNode dot = new()
        {
            ["Release"] = new MapNode { ["Name"] = "rel", ["Namespace"] = "ns", ["IsUpgrade"] = false, ["IsInstall"] = true, ["Revision"] = GoInteger.Int(1), ["Service"] = "Helm" },
            ["Template"] = ValuesObject.Of(new MapNode { ["Name"] = Prefix + "a", ["BasePath"] = "c/templates" }),
        };
        ChartTemplate[] all = [Template("a", template, dot), Template("_h.tpl", "{{ define \"t\" }}[{{ . }}]{{ end }}", dot)];
        TemplateSet set = new(HelmFunctions.Table);
        TemplateErrors errors = new(all);
        try
        {
            dot["Values"] = ValuesObject.Of(GoYaml.ReadMap(values) ?? new MapNode());
            foreach (ChartTemplate one in all)
            {
                Parse(set, errors, one);
            }

            return Execute(set, errors, all[0]);
        }
        catch (RenderException error)
        {
            return "error: " + error.Reason;
        }
        catch (ChartException error)
        {
            return "error: values: " + error.Message;
        }
    }

    private static ChartTemplate Template(string name, string text, MapNode dot) =>
        new(Prefix + name, "c/templates", new ChartFile("templates/" + name, "templates/" + name, Encoding.UTF8.GetBytes(text)), dot);

    private static void Parse(TemplateSet set, TemplateErrors errors, ChartTemplate template)
    {
        try
        {
            set.Parse(template.Name, template.File.Text);
        }
        catch (TemplateException error)
        {
            throw errors.OfParsing(template, error);
        }
    }

    private static string Execute(TemplateSet set, TemplateErrors errors, ChartTemplate template)
    {
        TemplateRun run = new(HelmFunctions.Table) { MissingKey = MissingKey.Zero, State = new RenderState(set, null) };
        try
        {
            string output = RenderState.WithoutMissing(set.Execute(template.Name, ValuesObject.Of(template.Data), run));
            // What leaves a program is UTF-8.
            return Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(output));
        }
        catch (TemplateException error)
        {
            throw errors.OfExecution(template, error);
        }
    }
}
