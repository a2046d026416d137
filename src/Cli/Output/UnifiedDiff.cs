namespace Bowline.Cli.Output;

/// <summary>Lines that went and came, with three lines around them (Myers' algorithm over whole lines).</summary>
internal static class UnifiedDiff
{
    private const int Context = 3;

    // Beyond this many differing lines the two texts have nothing to do with each other: all of one goes, all of the other comes.
    private const int MostEdits = 4000;

    public static IEnumerable<string> Of(string[] before, string[] after)
    {
        List<(char Mark, string Line)> script = Script(before, after);
        bool[] shown = new bool[script.Count];
        for (int i = 0; i < script.Count; i++)
        {
            if (script[i].Mark != ' ')
            {
                Array.Fill(shown, true, Math.Max(0, i - Context), Math.Min(script.Count, i + Context + 1) - Math.Max(0, i - Context));
            }
        }

        int left = 1;
        int right = 1;
        for (int i = 0; i < script.Count; i++)
        {
            if (before.Length > 0 && after.Length > 0 && shown[i] && (i == 0 || !shown[i - 1]))
            {
                yield return $"@@ -{left} +{right} @@";
            }

            if (shown[i])
            {
                yield return script[i].Mark + script[i].Line;
            }

            left += script[i].Mark != '+' ? 1 : 0;
            right += script[i].Mark != '-' ? 1 : 0;
        }
    }

    private static List<(char, string)> Script(string[] before, string[] after)
    {
        int bound = Math.Min(before.Length + after.Length, MostEdits);
        List<int[]> trace = [];
        int[] furthest = new int[(2 * bound) + 2];
        for (int edits = 0; edits <= bound; edits++)
        {
            trace.Add([.. furthest]);
            for (int diagonal = -edits; diagonal <= edits; diagonal += 2)
            {
                bool down = diagonal == -edits || (diagonal != edits && At(furthest, diagonal - 1) < At(furthest, diagonal + 1));
                int x = down ? At(furthest, diagonal + 1) : At(furthest, diagonal - 1) + 1;
                int y = x - diagonal;
                while (x < before.Length && y < after.Length && y >= 0 && before[x] == after[y])
                {
                    x++;
                    y++;
                }

                furthest[Index(furthest, diagonal)] = x;
                if (x >= before.Length && y >= after.Length)
                {
                    return Backtrack(before, after, trace, edits);
                }
            }
        }

        return [.. before.Select(line => ('-', line)), .. after.Select(line => ('+', line))];
    }

    private static List<(char, string)> Backtrack(string[] before, string[] after, List<int[]> trace, int edits)
    {
        List<(char, string)> script = [];
        int x = before.Length;
        int y = after.Length;
        for (int step = edits; step >= 0; step--)
        {
            int[] furthest = trace[step];
            int diagonal = x - y;
            bool down = diagonal == -step || (diagonal != step && At(furthest, diagonal - 1) < At(furthest, diagonal + 1));
            int from = down ? diagonal + 1 : diagonal - 1;
            int fromX = step == 0 ? 0 : At(furthest, from);
            int fromY = step == 0 ? 0 : fromX - from;
            while (x > fromX && y > fromY)
            {
                script.Add((' ', before[--x]));
                y--;
            }

            if (step > 0)
            {
                script.Add(down ? ('+', after[--y]) : ('-', before[--x]));
            }
        }

        script.Reverse();
        return script;
    }

    private static int Index(int[] furthest, int diagonal) => diagonal >= 0 ? diagonal * 2 : (-diagonal * 2) - 1;

    private static int At(int[] furthest, int diagonal) => Index(furthest, diagonal) < furthest.Length ? furthest[Index(furthest, diagonal)] : 0;
}
