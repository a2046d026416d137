using System.Globalization;

namespace Bowline.Resources.Json;

/// <summary>Finds the first syntax error of a JSON text and words it as encoding/json does, since clients of Kubernetes see those words.</summary>
internal ref struct GoSyntax(ReadOnlySpan<byte> json)
{
    private readonly ReadOnlySpan<byte> json = json;

    /// <summary>What is open around the current place: true for an object, false for an array.</summary>
    private readonly Stack<bool> open = new();
    private int at;

    private enum Expected
    {
        Value,
        ValueOrEnd,
        Key,
        KeyOrEnd,
        Colon,
        CommaOrEnd,
        Nothing,
    }

    private readonly Expected AfterValue => open.Count == 0 ? Expected.Nothing : Expected.CommaOrEnd;

    /// <summary>Null for valid JSON.</summary>
    public static string? FirstError(ReadOnlySpan<byte> json) => new GoSyntax(json).FirstError();

    private string? FirstError()
    {
        Expected expected = Expected.Value;
        while (true)
        {
            while (at < json.Length && json[at] is (byte)' ' or (byte)'\t' or (byte)'\r' or (byte)'\n')
            {
                at++;
            }

            if (at == json.Length)
            {
                return expected == Expected.Nothing ? null : Unexpected();
            }

            string? error = expected switch
            {
                Expected.Value or Expected.ValueOrEnd => Value(ref expected),
                Expected.Key or Expected.KeyOrEnd => Key(ref expected),
                Expected.Colon => Colon(ref expected),
                Expected.CommaOrEnd => CommaOrEnd(ref expected),
                _ => Invalid("after top-level value"),
            };
            if (error is not null)
            {
                return error;
            }
        }
    }

    private string? Value(ref Expected expected)
    {
        byte c = json[at];
        switch (c)
        {
            case (byte)']' when expected == Expected.ValueOrEnd:
                Close(ref expected);
                return null;
            case (byte)'{' or (byte)'[':
                at++;
                open.Push(c == '{');
                expected = c == '{' ? Expected.KeyOrEnd : Expected.ValueOrEnd;
                return null;
        }

        expected = AfterValue;
        return c switch
        {
            (byte)'"' => Text(),
            (byte)'-' or (>= (byte)'0' and <= (byte)'9') => Number(),
            (byte)'t' => Literal("true"u8, "true"),
            (byte)'f' => Literal("false"u8, "false"),
            (byte)'n' => Literal("null"u8, "null"),
            _ => Invalid("looking for beginning of value"),
        };
    }

    private string? Key(ref Expected expected)
    {
        if (json[at] == '}' && expected == Expected.KeyOrEnd)
        {
            Close(ref expected);
            return null;
        }

        expected = Expected.Colon;
        return json[at] == '"' ? Text() : Invalid("looking for beginning of object key string");
    }

    private string? Colon(ref Expected expected)
    {
        if (json[at] != ':')
        {
            return Invalid("after object key");
        }

        at++;
        expected = Expected.Value;
        return null;
    }

    private string? CommaOrEnd(ref Expected expected)
    {
        bool inObject = open.Peek();
        if (json[at] == ',')
        {
            at++;
            expected = inObject ? Expected.Key : Expected.Value;
            return null;
        }

        if (json[at] != (inObject ? '}' : ']'))
        {
            return Invalid(inObject ? "after object key:value pair" : "after array element");
        }

        Close(ref expected);
        return null;
    }

    private void Close(ref Expected expected)
    {
        at++;
        open.Pop();
        expected = AfterValue;
    }

    private string? Text()
    {
        for (at++; at < json.Length; at++)
        {
            byte c = json[at];
            if (c == '"')
            {
                at++;
                return null;
            }

            if (c < ' ')
            {
                return Invalid("in string literal");
            }

            if (c == '\\' && Escape() is { } error)
            {
                return error;
            }
        }

        return Unexpected();
    }

    /// <summary>Leaves the place on the escape's last character.</summary>
    private string? Escape()
    {
        if (++at == json.Length)
        {
            return Unexpected();
        }

        if (json[at] != 'u')
        {
            return "bfnrt\\/\"".Contains((char)json[at], StringComparison.Ordinal) ? null : Invalid("in string escape code");
        }

        for (int digit = 0; digit < 4; digit++)
        {
            if (++at == json.Length)
            {
                return Unexpected();
            }

            if (!char.IsAsciiHexDigit((char)json[at]))
            {
                return Invalid("in \\u hexadecimal character escape");
            }
        }

        return null;
    }

    private string? Number()
    {
        if (json[at] == '-')
        {
            at++;
        }

        if (at < json.Length && json[at] == '0')
        {
            at++;
        }
        else if (Digits("in numeric literal") is { } error)
        {
            return error;
        }

        if (at < json.Length && json[at] == '.')
        {
            at++;
            if (Digits("after decimal point in numeric literal") is { } error)
            {
                return error;
            }
        }

        if (at < json.Length && json[at] is (byte)'e' or (byte)'E')
        {
            at++;
            at += at < json.Length && json[at] is (byte)'+' or (byte)'-' ? 1 : 0;
            return Digits("in exponent of numeric literal");
        }

        return null;
    }

    private string? Digits(string context)
    {
        int from = at;
        while (at < json.Length && char.IsAsciiDigit((char)json[at]))
        {
            at++;
        }

        return at > from ? null : at == json.Length ? Unexpected() : Invalid(context);
    }

    private string? Literal(ReadOnlySpan<byte> literal, string name)
    {
        for (int i = 0; i < literal.Length; i++, at++)
        {
            if (at == json.Length)
            {
                return Unexpected();
            }

            if (json[at] != literal[i])
            {
                return Invalid($"in literal {name} (expecting '{(char)literal[i]}')");
            }
        }

        return null;
    }

    private static string Unexpected() => "unexpected end of JSON input";

    /// <summary>Go takes the byte for a character of its own, whatever it is part of.</summary>
    private readonly string Invalid(string context)
    {
        char c = (char)json[at];
        string shown = c switch
        {
            '\'' => "\\'",
            '\\' => "\\\\",
            '\a' => "\\a",
            '\b' => "\\b",
            '\f' => "\\f",
            '\n' => "\\n",
            '\r' => "\\r",
            '\t' => "\\t",
            '\v' => "\\v",
            < ' ' or '\u007F' => string.Create(CultureInfo.InvariantCulture, $"\\x{(int)c:x2}"),
            (>= '\u0080' and <= '\u00A0') or '\u00AD' => string.Create(CultureInfo.InvariantCulture, $"\\u{(int)c:x4}"),
            _ => c.ToString(),
        };
        return $"invalid character '{shown}' {context}";
    }
}
