using System.Text;

namespace Bowline.Resources.Yaml;

/// <summary>
/// Cuts text into tokens. It accepts exactly what libyaml's Go port accepts (and refuses with its words), because that is what
/// Helm, Kustomize and kubectl read with. A token that may turn out to be a key waits in a queue until a colon has or has not followed.
/// </summary>
internal sealed partial class YamlScanner(YamlText text, YamlReadOptions options)
{
    /// <summary>A key without a question mark must be followed by its colon within so many characters, on the same line.</summary>
    private const int LongestKey = 1024;
    private readonly char[] buffer = text.Buffer;
    private readonly StringBuilder scratch = new();
    private readonly Stack<int> indents = new();
    private readonly List<PossibleKey> keys = [default];
    private YamlToken[] queue = new YamlToken[16];
    private int head;
    private int tail;
    private int taken;
    private int at = text.Start;
    private int line;
    private int lineStart = text.Start;
    private int indent = -1;
    private int flowLevel;
    private bool keyAllowed = true;
    private bool ended;

    /// <summary>Whether the token at the head is known to be what it is, and not a key.</summary>
    private bool settled;

    /// <summary>A token that is a key if a colon follows it.</summary>
    private struct PossibleKey
    {
        public bool Possible;

        /// <summary>It stands where nothing but a key may stand.</summary>
        public bool Required;
        public int TokenNumber;
        public Mark Mark;
    }

    private int Column => at - lineStart;

    private Mark Here => new(at, line, at - lineStart);

    private char Current => buffer[at];

    /// <summary>The next token; valid until <see cref="Take"/>.</summary>
    public ref readonly YamlToken Peek()
    {
        if (!settled)
        {
            Settle();
        }

        return ref queue[head];
    }

    public void Take()
    {
        // The last token stays, so that a parser can always look at one.
        if (queue[head].Kind == TokenKind.StreamEnd)
        {
            return;
        }

        settled = false;
        taken++;
        if (++head == tail)
        {
            head = 0;
            tail = 0;
        }
    }

    private void Settle()
    {
        while (!ended && (head == tail || HeadMayBeKey()))
        {
            FetchNext();
        }

        settled = true;
    }

    private bool HeadMayBeKey()
    {
        int level = queue[head].KeyLevel;
        return level >= 0 && level < keys.Count && keys[level].TokenNumber == taken && StillValid(level);
    }

    private void FetchNext()
    {
        SkipToToken();
        Unroll(Column);
        char c = Current;
        if (c == '\0')
        {
            FetchStreamEnd();
            return;
        }

        if (at == lineStart)
        {
            if (c == '%')
            {
                FetchDirective();
                return;
            }

            if (AtDocumentIndicator())
            {
                FetchDocumentIndicator(c == '-' ? TokenKind.DocumentStart : TokenKind.DocumentEnd);
                return;
            }
        }

        FetchByFirst(c);
    }

    private void FetchByFirst(char c)
    {
        switch (c)
        {
            case '[' or '{':
                FetchFlowStart(c == '[' ? TokenKind.FlowListStart : TokenKind.FlowMapStart);
                break;
            case ']' or '}':
                FetchFlowEnd(c == ']' ? TokenKind.FlowListEnd : TokenKind.FlowMapEnd);
                break;
            case ',':
                FetchFlowEntry();
                break;
            case '-' when IsBlankOrEnd(buffer[at + 1]):
                FetchBlockEntry();
                break;
            case '?' when flowLevel > 0 || IsBlankOrEnd(buffer[at + 1]):
                FetchKey();
                break;
            case ':' when flowLevel > 0 || IsBlankOrEnd(buffer[at + 1]):
                FetchValue();
                break;
            case '*' or '&':
                FetchAnchor(c == '*' ? TokenKind.Alias : TokenKind.Anchor);
                break;
            case '!':
                FetchTag();
                break;
            case '|' or '>' when flowLevel == 0:
                FetchBlockScalar(c == '|');
                break;
            case '\'' or '"':
                FetchQuoted(c);
                break;
            case '|' or '>' or '%' or '@' or '`' or '\t' or '#':
                throw Fail(Here, "found character that cannot start any token");
            default:
                FetchPlain();
                break;
        }
    }

    /// <summary>Spaces, comments and line ends. Tabs count as space only where they cannot be taken for indentation.</summary>
    private void SkipToToken()
    {
        while (true)
        {
            while (Current == ' ' || (Current == '\t' && (flowLevel > 0 || !keyAllowed)))
            {
                at++;
            }

            if (Current == '#')
            {
                SkipLine();
            }

            if (!IsBreak(Current))
            {
                return;
            }

            SkipBreak();
            if (flowLevel == 0)
            {
                keyAllowed = true;
            }
        }
    }

    private void SkipLine() => at += buffer.AsSpan(at).IndexOfAny(stops.Line);

    private void SkipBreak()
    {
        at += Current == '\r' && buffer[at + 1] == '\n' ? 2 : 1;
        line++;
        lineStart = at;
    }

    private bool AtDocumentIndicator() =>
        at == lineStart
        && Current is '-' or '.'
        && buffer[at + 1] == Current
        && buffer[at + 2] == Current
        && IsBlankOrEnd(buffer[at + 3]);

    private void Append(TokenKind kind, Mark start, string? text = null, string? suffix = null, bool plain = false, int keyLevel = -1, bool folded = false)
    {
        MakeRoom();
        queue[tail++] = new YamlToken { Kind = kind, Start = start, Text = text, Suffix = suffix, Plain = plain, KeyLevel = keyLevel, Folded = folded };
    }

    /// <summary>Puts a token before the one with the given number.</summary>
    private void Insert(int number, TokenKind kind, Mark start)
    {
        MakeRoom();
        int slot = head + number - taken;
        Array.Copy(queue, slot, queue, slot + 1, tail - slot);
        queue[slot] = new YamlToken { Kind = kind, Start = start, KeyLevel = -1 };
        tail++;
    }

    private void MakeRoom()
    {
        if (tail < queue.Length)
        {
            return;
        }

        if (head > queue.Length / 2)
        {
            Array.Copy(queue, head, queue, 0, tail - head);
        }
        else
        {
            YamlToken[] larger = new YamlToken[queue.Length * 2];
            Array.Copy(queue, head, larger, 0, tail - head);
            queue = larger;
        }

        tail -= head;
        head = 0;
    }

    private YamlException Fail(Mark context, string reason) => new(options.FileName, line + 1, Column + 1, reason)
    {
        GoMessage = GoErrors.Scanning(options.Dialect, context.Line, line, reason),
    };

    private static bool IsBreak(char c) => c is '\n' or '\r' or '\u0085' or '\u2028' or '\u2029';

    private static bool IsBlank(char c) => c is ' ' or '\t';

    private static bool IsBreakOrEnd(char c) => c == '\0' || IsBreak(c);

    private static bool IsBlankOrEnd(char c) => c is ' ' or '\0' or '\t' || IsBreak(c);

    private static bool IsWord(char c) => char.IsAsciiLetterOrDigit(c) || c is '_' or '-';
}
