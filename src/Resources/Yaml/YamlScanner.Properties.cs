using System.Text;

namespace Bowline.Resources.Yaml;

/// <summary>Anchors, aliases, tags and directives.</summary>
internal sealed partial class YamlScanner
{
    private void FetchAnchor(TokenKind kind)
    {
        int level = SaveKey();
        keyAllowed = false;
        Mark start = Here;
        int from = ++at;
        while (IsWord(Current))
        {
            at++;
        }

        bool ends = IsBlankOrEnd(Current) || Current is '?' or ':' or ',' or ']' or '}' or '%' or '@' or '`';
        if (at == from || !ends)
        {
            throw Fail(start, "did not find expected alphabetic or numeric character");
        }

        Append(kind, start, new string(buffer, from, at - from), keyLevel: level);
    }

    private void FetchTag()
    {
        int level = SaveKey();
        keyAllowed = false;
        Mark start = Here;
        string handle;
        string suffix;
        if (buffer[at + 1] == '<')
        {
            at += 2;
            handle = string.Empty;
            suffix = ScanUri(start, string.Empty);
            if (Current != '>')
            {
                throw Fail(start, "did not find the expected '>'");
            }

            at++;
        }
        else
        {
            (handle, suffix) = ScanShortTag(start);
        }

        if (!IsBlankOrEnd(Current))
        {
            throw Fail(start, "did not find expected whitespace or line break");
        }

        Append(TokenKind.Tag, start, handle, suffix, keyLevel: level);
    }

    /// <summary><c>!handle!suffix</c>, <c>!suffix</c> or <c>!</c> alone.</summary>
    private (string Handle, string Suffix) ScanShortTag(Mark start)
    {
        string handle = ScanHandle(start, inDirective: false);
        if (handle.Length > 1 && handle[^1] == '!')
        {
            return (handle, ScanUri(start, string.Empty));
        }

        string suffix = ScanUri(start, handle);
        return suffix.Length == 0 ? (string.Empty, "!") : ("!", suffix);
    }

    private string ScanHandle(Mark start, bool inDirective)
    {
        if (Current != '!')
        {
            throw Fail(start, "did not find expected '!'");
        }

        int from = at++;
        while (IsWord(Current))
        {
            at++;
        }

        if (Current == '!')
        {
            at++;
        }
        else if (inDirective && at - from > 1)
        {
            throw Fail(start, "did not find expected '!'");
        }

        return new string(buffer, from, at - from);
    }

    /// <summary>The rest of a tag behind <paramref name="head"/>, whose exclamation mark is not part of the result.</summary>
    private string ScanUri(Mark start, string head)
    {
        scratch.Clear();
        if (head.Length > 1)
        {
            scratch.Append(head, 1, head.Length - 1);
        }

        bool any = head.Length > 0;
        while (IsWord(Current) || Current is ';' or '/' or '?' or ':' or '@' or '&' or '=' or '+' or '$' or ',' or '.' or '!' or '~' or '*' or '\'' or '(' or ')' or '[' or ']' or '%')
        {
            if (Current == '%')
            {
                ScanUriEscapes(start);
            }
            else
            {
                scratch.Append(buffer[at++]);
            }

            any = true;
        }

        return any ? scratch.ToString() : throw Fail(start, "did not find expected tag URI");
    }

    private void ScanUriEscapes(Mark start)
    {
        Span<byte> octets = stackalloc byte[4];
        int count = 0;
        int width = 1;
        while (count < width)
        {
            if (Current != '%' || !char.IsAsciiHexDigit(buffer[at + 1]) || !char.IsAsciiHexDigit(buffer[at + 2]))
            {
                throw Fail(start, "did not find URI escaped octet");
            }

            byte octet = (byte)((HexValue(buffer[at + 1]) << 4) + HexValue(buffer[at + 2]));
            if (count == 0)
            {
                width = octet switch { < 0x80 => 1, >= 0xC0 and < 0xE0 => 2, >= 0xE0 and < 0xF0 => 3, >= 0xF0 and < 0xF8 => 4, _ => 0 };
            }

            if (width == 0 || (count > 0 && (octet & 0xC0) != 0x80))
            {
                throw Fail(start, count == 0 ? "found an incorrect leading UTF-8 octet" : "found an incorrect trailing UTF-8 octet");
            }

            octets[count++] = octet;
            at += 3;
        }

        scratch.Append(Encoding.UTF8.GetString(octets[..count]));
    }

    private void FetchDirective()
    {
        Unroll(-1);
        RemoveKey();
        keyAllowed = false;
        Mark start = Here;
        int from = ++at;
        while (IsWord(Current))
        {
            at++;
        }

        if (at == from)
        {
            throw Fail(start, "could not find expected directive name");
        }

        if (!IsBlankOrEnd(Current))
        {
            throw Fail(start, "found unexpected non-alphabetical character");
        }

        switch (buffer.AsSpan(from, at - from))
        {
            case "YAML":
                ScanVersion(start);
                break;
            case "TAG":
                ScanTagDirective(start);
                break;
            default:
                throw Fail(start, "found unknown directive name");
        }

        SkipRestOfLine(start);
    }

    private void ScanVersion(Mark start)
    {
        SkipBlanks();
        int major = ScanVersionNumber(start);
        if (Current != '.')
        {
            throw Fail(start, "did not find expected digit or '.' character");
        }

        at++;
        int minor = ScanVersionNumber(start);
        Append(TokenKind.VersionDirective, start, $"{major}.{minor}");
    }

    private int ScanVersionNumber(Mark start)
    {
        int from = at;
        int value = 0;
        while (char.IsAsciiDigit(Current))
        {
            if (at - from == 2)
            {
                throw Fail(start, "found extremely long version number");
            }

            value = (value * 10) + (buffer[at++] - '0');
        }

        return at > from ? value : throw Fail(start, "did not find expected version number");
    }

    private void ScanTagDirective(Mark start)
    {
        SkipBlanks();
        string handle = ScanHandle(start, inDirective: true);
        if (!IsBlank(Current))
        {
            throw Fail(start, "did not find expected whitespace");
        }

        SkipBlanks();
        string prefix = ScanUri(start, string.Empty);
        if (!IsBlankOrEnd(Current))
        {
            throw Fail(start, "did not find expected whitespace or line break");
        }

        Append(TokenKind.TagDirective, start, handle, prefix);
    }

    private void SkipBlanks()
    {
        while (IsBlank(Current))
        {
            at++;
        }
    }

    /// <summary>Nothing but a comment may follow on the line.</summary>
    private void SkipRestOfLine(Mark start)
    {
        SkipBlanks();
        if (Current == '#')
        {
            SkipLine();
        }

        if (!IsBreakOrEnd(Current))
        {
            throw Fail(start, "did not find expected comment or line break");
        }

        if (IsBreak(Current))
        {
            SkipBreak();
        }
    }

    private static int HexValue(char c) => c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10;
}
