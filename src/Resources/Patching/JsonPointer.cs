namespace Bowline.Resources.Patching;

/// <summary>RFC 6901, split and unescaped. The empty pointer is the whole document.</summary>
internal sealed record JsonPointer(string Text, string[] Tokens)
{
    public bool IsRoot => Tokens.Length == 0;

    public string Last => Tokens[^1];

    public static JsonPointer Parse(string text)
    {
        if (text.Length == 0)
        {
            return new JsonPointer(text, []);
        }

        if (text[0] != '/')
        {
            throw new PatchException($"a JSON pointer starts with a slash: \"{text}\"", text);
        }

        string[] tokens = text[1..].Split('/');
        for (int i = 0; i < tokens.Length; i++)
        {
            if (tokens[i].Contains('~', StringComparison.Ordinal))
            {
                tokens[i] = tokens[i].Replace("~1", "/", StringComparison.Ordinal).Replace("~0", "~", StringComparison.Ordinal);
            }
        }

        return new JsonPointer(text, tokens);
    }
}
