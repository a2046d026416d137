namespace Bowline.Resources.Yaml;

/// <summary>Indentation, flow brackets, and what may be a key.</summary>
internal sealed partial class YamlScanner
{
    /// <summary>Notes that a key may start here; returns the flow level to note on the token.</summary>
    private int SaveKey()
    {
        if (!keyAllowed)
        {
            return -1;
        }

        RemoveKey();
        keys[^1] = new PossibleKey
        {
            Possible = true,
            Required = flowLevel == 0 && indent == Column,
            TokenNumber = taken + tail - head,
            Mark = Here,
        };
        return keys.Count - 1;
    }

    private void RemoveKey()
    {
        PossibleKey key = keys[^1];
        if (key is { Possible: true, Required: true })
        {
            throw Fail(key.Mark, "could not find expected ':'");
        }

        keys[^1] = default;
    }

    private bool StillValid(int level)
    {
        PossibleKey key = keys[level];
        if (!key.Possible)
        {
            return false;
        }

        if (key.Mark.Line == line && key.Mark.Index + LongestKey >= at)
        {
            return true;
        }

        if (key.Required)
        {
            throw Fail(key.Mark, "could not find expected ':'");
        }

        keys[level] = default;
        return false;
    }

    private void Roll(int column, int number, TokenKind kind, Mark mark)
    {
        if (flowLevel > 0 || indent >= column)
        {
            return;
        }

        indents.Push(indent);
        indent = column;
        if (indents.Count > options.MaxDepth)
        {
            throw Fail(mark, $"exceeded max depth of {options.MaxDepth}");
        }

        if (number < 0)
        {
            Append(kind, mark);
        }
        else
        {
            Insert(number, kind, mark);
        }
    }

    private void Unroll(int column)
    {
        if (flowLevel > 0)
        {
            return;
        }

        while (indent > column)
        {
            Append(TokenKind.BlockEnd, Here);
            indent = indents.Pop();
        }
    }

    private void FetchStreamEnd()
    {
        if (Column != 0)
        {
            line++;
            lineStart = at;
        }

        Unroll(-1);
        RemoveKey();
        keyAllowed = false;
        Append(TokenKind.StreamEnd, Here);
        ended = true;
    }

    private void FetchDocumentIndicator(TokenKind kind)
    {
        Unroll(-1);
        RemoveKey();
        keyAllowed = false;
        Append(kind, Here);
        at += 3;
    }

    private void FetchFlowStart(TokenKind kind)
    {
        int level = SaveKey();
        Mark start = Here;
        keys.Add(default);
        if (++flowLevel > options.MaxDepth)
        {
            throw Fail(start, $"exceeded max depth of {options.MaxDepth}");
        }

        keyAllowed = true;
        at++;
        Append(kind, start, keyLevel: level);
    }

    private void FetchFlowEnd(TokenKind kind)
    {
        RemoveKey();
        if (flowLevel > 0)
        {
            flowLevel--;
            keys.RemoveAt(keys.Count - 1);
        }

        keyAllowed = false;
        Append(kind, Here);
        at++;
    }

    private void FetchFlowEntry()
    {
        RemoveKey();
        keyAllowed = true;
        Append(TokenKind.FlowEntry, Here);
        at++;
    }

    private void FetchBlockEntry()
    {
        if (flowLevel == 0)
        {
            if (!keyAllowed)
            {
                throw Fail(Here, "block sequence entries are not allowed in this context");
            }

            Roll(Column, -1, TokenKind.BlockListStart, Here);
        }

        RemoveKey();
        keyAllowed = true;
        Append(TokenKind.BlockEntry, Here);
        at++;
    }

    private void FetchKey()
    {
        if (flowLevel == 0)
        {
            if (!keyAllowed)
            {
                throw Fail(Here, "mapping keys are not allowed in this context");
            }

            Roll(Column, -1, TokenKind.BlockMapStart, Here);
        }

        RemoveKey();
        keyAllowed = flowLevel == 0;
        Append(TokenKind.Key, Here);
        at++;
    }

    private void FetchValue()
    {
        PossibleKey key = keys[^1];
        if (StillValid(keys.Count - 1))
        {
            Insert(key.TokenNumber, TokenKind.Key, key.Mark);
            Roll(key.Mark.Column, key.TokenNumber, TokenKind.BlockMapStart, key.Mark);
            keys[^1] = default;
            keyAllowed = false;
        }
        else
        {
            if (flowLevel == 0)
            {
                if (!keyAllowed)
                {
                    throw Fail(Here, "mapping values are not allowed in this context");
                }

                Roll(Column, -1, TokenKind.BlockMapStart, Here);
            }

            keyAllowed = flowLevel == 0;
        }

        Append(TokenKind.Value, Here);
        at++;
    }
}
