namespace Bowline.Tests;

/// <summary>Finds the checkout and the <c>shared</c> folder beside it, which holds goldens, data and real repositories.</summary>
internal static class SharedFolder
{
    public static string Checkout { get; } = FindCheckout();

    /// <summary>The <c>../shared</c> folder, or null on a machine that has only the checkout.</summary>
    public static string? Root { get; } = Directory.Exists(Path.Combine(Checkout, "..", "shared"))
        ? Path.GetFullPath(Path.Combine(Checkout, "..", "shared"))
        : null;

    public static string Corpus(string name) => Path.Combine(Root ?? throw new InvalidOperationException("no ../shared"), "corpus", name);

    public static string Goldens(string name) => Path.Combine(Root ?? throw new InvalidOperationException("no ../shared"), "goldens", name);

    private static string FindCheckout()
    {
        for (DirectoryInfo? at = new(AppContext.BaseDirectory); at is not null; at = at.Parent)
        {
            if (File.Exists(Path.Combine(at.FullName, "Bowline.slnx")))
            {
                return at.FullName;
            }
        }

        throw new InvalidOperationException($"No Bowline.slnx above {AppContext.BaseDirectory}");
    }
}

/// <summary>A test that needs <c>../shared</c>; reported as skipped where that folder is absent.</summary>
internal sealed class SharedFactAttribute : FactAttribute
{
    public SharedFactAttribute()
    {
        if (SharedFolder.Root is null)
        {
            Skip = "../shared is not beside this checkout";
        }
    }
}

/// <summary>A theory that needs <c>../shared</c>; reported as skipped where that folder is absent.</summary>
internal sealed class SharedTheoryAttribute : TheoryAttribute
{
    public SharedTheoryAttribute()
    {
        if (SharedFolder.Root is null)
        {
            Skip = "../shared is not beside this checkout";
        }
    }
}
