namespace Bowline.Rendering.Helm.Manifests;

/// <summary>Cuts rendered text into documents as Helm does, which is by looking for lines that begin with three dashes.</summary>
internal static class ManifestText
{
    /// <summary>Every document that holds more than blanks, trimmed.</summary>
    public static List<string> Split(string rendered)
    {
        string text = rendered.Trim();
        List<string> documents = [];
        int from = 0;
        int searched = 0;
        while (Separator(text, ref searched, from) is var mark and >= 0)
        {
            int end = mark;
            while (end > from && IsBlank(text[end - 1]))
            {
                end--;
            }

            Add(documents, text[from..end]);
            from = mark + 3;
            while (from < text.Length && IsBlank(text[from]))
            {
                from++;
            }

            searched = from;
        }

        Add(documents, text[from..]);
        return documents;
    }

    private static void Add(List<string> documents, string document)
    {
        if (document.Length > 0)
        {
            documents.Add(document.Trim());
        }
    }

    /// <summary>The next dashes at the beginning of a line. Blanks behind the previous ones, line ends included, were part of those.</summary>
    private static int Separator(string text, ref int searched, int from)
    {
        while (searched < text.Length)
        {
            int found = text.IndexOf("---", searched, StringComparison.Ordinal);
            if (found < 0)
            {
                return -1;
            }

            if (found == 0 || (found > from && text[found - 1] == '\n'))
            {
                return found;
            }

            searched = found + 1;
        }

        return -1;
    }

    /// <summary>What <c>\s</c> means in Go's regular expressions.</summary>
    private static bool IsBlank(char c) => c is ' ' or '\t' or '\n' or '\r' or '\f';
}
