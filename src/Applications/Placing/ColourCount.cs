namespace Bowline.Applications.Placing;

/// <summary>The chromatic number of a small graph: how many clusters keep rivals apart.</summary>
internal static class ColourCount
{
    private const int MostSteps = 200_000;
    private const int MostVertices = 500;

    /// <summary>Exact for the sizes that repositories have; a bound where the search would take too long.</summary>
    public static int Of(int count, Func<int, int, bool> adjacent)
    {
        if (count is 0 or > MostVertices)
        {
            return count == 0 ? 0 : 1;
        }

        bool[,] edges = new bool[count, count];
        for (int i = 0; i < count; i++)
        {
            for (int j = 0; j < i; j++)
            {
                edges[i, j] = edges[j, i] = adjacent(i, j);
            }
        }

        int[] order = [.. Enumerable.Range(0, count).OrderByDescending(vertex => Enumerable.Range(0, count).Count(other => edges[vertex, other]))];
        int greedy = Greedy(order, edges);
        int steps = 0;
        for (int colours = greedy - 1; colours >= 1; colours--)
        {
            int[] colouring = new int[count];
            if (!TryColour(order, edges, colouring, 0, colours, ref steps))
            {
                return colours + 1;
            }
        }

        return 1;
    }

    private static int Greedy(int[] order, bool[,] edges)
    {
        int[] colouring = new int[order.Length];
        int most = 0;
        foreach (int vertex in order)
        {
            int colour = 1;
            while (Enumerable.Range(0, order.Length).Any(other => edges[vertex, other] && colouring[other] == colour))
            {
                colour++;
            }

            colouring[vertex] = colour;
            most = Math.Max(most, colour);
        }

        return most;
    }

    private static bool TryColour(int[] order, bool[,] edges, int[] colouring, int at, int colours, ref int steps)
    {
        if (at == order.Length)
        {
            return true;
        }

        int vertex = order[at];
        for (int colour = 1; colour <= colours && ++steps < MostSteps; colour++)
        {
            if (!Enumerable.Range(0, order.Length).Any(other => edges[vertex, other] && colouring[other] == colour))
            {
                colouring[vertex] = colour;
                if (TryColour(order, edges, colouring, at + 1, colours, ref steps))
                {
                    return true;
                }

                colouring[vertex] = 0;
            }
        }

        return false;
    }
}
