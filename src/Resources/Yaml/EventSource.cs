using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace Bowline.Resources.Yaml;

/// <summary>YamlDotNet's parser as a stream of our events.</summary>
internal sealed class EventSource(string text, string fileName)
{
    private readonly Parser parser = new(new Scanner(new StringReader(text), skipComments: true));

    public YamlEvent Next()
    {
        try
        {
            while (parser.MoveNext())
            {
                if (Convert(parser.Current!) is { } step)
                {
                    return step;
                }
            }

            return new YamlEvent(YamlEventKind.StreamEnd, 0, 0);
        }
        catch (YamlDotNet.Core.YamlException failure)
        {
            throw new YamlException(fileName, (int)failure.Start.Line, (int)failure.Start.Column, failure.Message, failure);
        }
        catch (Exception failure) when (failure is InvalidOperationException or ArgumentException or FormatException or IndexOutOfRangeException or OverflowException)
        {
            // YamlDotNet's scanner breaks so at some malformed input.
            throw new YamlException(fileName, 1, 1, failure.Message, failure);
        }
    }

    private static YamlEvent? Convert(ParsingEvent step)
    {
        int line = (int)step.Start.Line;
        int column = (int)step.Start.Column;
        return step switch
        {
            Scalar scalar => Convert(scalar, line, column),
            AnchorAlias alias => new YamlEvent(YamlEventKind.Alias, line, column, alias.Value.Value),
            MappingStart start => new YamlEvent(YamlEventKind.MapStart, line, column, Name(start.Anchor)),
            SequenceStart start => new YamlEvent(YamlEventKind.ListStart, line, column, Name(start.Anchor)),
            MappingEnd => new YamlEvent(YamlEventKind.MapEnd, line, column),
            SequenceEnd => new YamlEvent(YamlEventKind.ListEnd, line, column),
            DocumentStart => new YamlEvent(YamlEventKind.DocumentStart, line, column),
            DocumentEnd => new YamlEvent(YamlEventKind.DocumentEnd, line, column),
            StreamEnd => new YamlEvent(YamlEventKind.StreamEnd, line, column),
            _ => null,
        };
    }

    private static YamlEvent Convert(Scalar scalar, int line, int column)
    {
        bool tagged = !scalar.Tag.IsEmpty && !scalar.Tag.IsNonSpecific;
        bool plain = scalar.Style == ScalarStyle.Plain || (!scalar.Tag.IsEmpty && scalar.Tag.IsNonSpecific);
        return new YamlEvent(YamlEventKind.Scalar, line, column, Name(scalar.Anchor), tagged ? scalar.Tag.Value : null, scalar.Value, plain && !tagged);
    }

    private static string? Name(AnchorName anchor) => anchor.IsEmpty ? null : anchor.Value;
}
