namespace Bowline.Applications.Model;

/// <summary>How fast drift is undone that keeps coming back (argocd-cmd-params-cm's <c>controller.self.heal.*</c>).</summary>
/// <param name="Least">From one heal to the next, however few there were.</param>
/// <param name="First">The first pause when it keeps coming back; each one after is longer by <paramref name="Factor"/>, up to <paramref name="Longest"/>.</param>
public sealed record HealPace(TimeSpan Least, TimeSpan First, double Factor, TimeSpan Longest)
{
    public static readonly HealPace Usual = new(TimeSpan.Zero, TimeSpan.FromSeconds(1), 2, TimeSpan.FromMinutes(5));
}
