namespace Bowline.Resources.Yaml;

/// <summary>Literal and folded scalars.</summary>
internal sealed partial class YamlScanner
{
    private void FetchBlockScalar(bool literal)
    {
        RemoveKey();
        keyAllowed = true;
        Mark start = Here;
        at++;
        (char chomping, int increment) = ScanBlockHeader(start);
        SkipRestOfLine(start);
        int blockIndent = increment == 0 ? 0 : Math.Max(indent, 0) + increment;
        scratch.Clear();
        furtherBreaks.Clear();
        ScanBlockBreaks(start, ref blockIndent);
        char lineEnd = '\0';
        bool previousIndented = false;
        while (Column == blockIndent && Current != '\0')
        {
            // Folding joins two lines only where neither is indented further than the block.
            bool indented = IsBlank(Current);
            JoinBlockLine(lineEnd, folds: !literal && !previousIndented && !indented);
            previousIndented = indented;
            int from = at;
            SkipLine();
            scratch.Append(buffer, from, at - from);
            lineEnd = IsBreak(Current) ? ReadBreak() : '\0';
            ScanBlockBreaks(start, ref blockIndent);
        }

        if (chomping != '-' && lineEnd != '\0')
        {
            scratch.Append(lineEnd);
        }

        if (chomping == '+')
        {
            scratch.Append(furtherBreaks);
        }

        Append(TokenKind.Scalar, start, scratch.ToString(), folded: !literal);
    }

    private void JoinBlockLine(char lineEnd, bool folds)
    {
        if (!folds || lineEnd != '\n')
        {
            if (lineEnd != '\0')
            {
                scratch.Append(lineEnd);
            }
        }
        else if (furtherBreaks.Length == 0)
        {
            scratch.Append(' ');
        }

        scratch.Append(furtherBreaks);
        furtherBreaks.Clear();
    }

    /// <summary>The chomping indicator ('\0' for none) and the indentation indicator (0 for none), in either order.</summary>
    private (char Chomping, int Increment) ScanBlockHeader(Mark start)
    {
        char chomping = ScanChomping();
        int increment = 0;
        if (char.IsAsciiDigit(Current))
        {
            if (Current == '0')
            {
                throw Fail(start, "found an indentation indicator equal to 0");
            }

            increment = Current - '0';
            at++;
            chomping = chomping == '\0' ? ScanChomping() : chomping;
        }

        return (chomping, increment);
    }

    private char ScanChomping() => Current is '+' or '-' ? buffer[at++] : '\0';

    /// <summary>Empty lines and indentation; finds out how far the block is indented where that is not known yet.</summary>
    private void ScanBlockBreaks(Mark start, ref int blockIndent)
    {
        int deepest = 0;
        while (true)
        {
            while ((blockIndent == 0 || Column < blockIndent) && Current == ' ')
            {
                at++;
            }

            deepest = Math.Max(deepest, Column);
            if ((blockIndent == 0 || Column < blockIndent) && Current == '\t')
            {
                throw Fail(start, "found a tab character where an indentation space is expected");
            }

            if (!IsBreak(Current))
            {
                break;
            }

            furtherBreaks.Append(ReadBreak());
        }

        if (blockIndent == 0)
        {
            blockIndent = Math.Max(Math.Max(deepest, indent + 1), 1);
        }
    }
}
