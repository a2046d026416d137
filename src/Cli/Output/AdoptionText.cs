using Bowline.Applications.Adopting;
using Bowline.Applications.Model;

namespace Bowline.Cli.Output;

/// <summary>An adoption for people: what there is, what differs, what is not supported, what stands against it.</summary>
internal static class AdoptionText
{
    public static void WritePlan(TextWriter output, AdoptionPlan plan, string cluster)
    {
        output.WriteLine($"Argo CD in namespace {plan.Namespace} of {cluster}: {Count(plan.Applications.Count, "application")}");
        WriteControllers(output, plan, controller => $"{controller.Replicas} -> 0");
        int name = Width("NAME", plan.Applications.Select(application => ApplicationNamespaces.Show(application.Name)));
        int sync = Width("SYNC", plan.Applications.Select(application => application.Sync));
        int health = Width("HEALTH", plan.Applications.Select(application => application.Health));
        output.WriteLine();
        output.WriteLine($"{"NAME".PadRight(name)}{"SYNC".PadRight(sync)}{"HEALTH".PadRight(health)}OBJECTS");
        foreach (AdoptedApplication application in plan.Applications)
        {
            string known = application.IsKnown ? "  (delivered by Bowline already; its record stays)" : string.Empty;
            output.WriteLine($"{ApplicationNamespaces.Show(application.Name).PadRight(name)}{application.Sync.PadRight(sync)}{application.Health.PadRight(health)}{application.Objects.Count}{known}");
            WriteRemarks(output, application);
        }

        foreach (string obstacle in plan.Obstacles)
        {
            output.WriteLine();
            output.WriteLine($"cannot be adopted: {obstacle}");
        }
    }

    public static void WriteTaken(TextWriter output, AdoptionPlan plan) =>
        output.WriteLine($"{Count(plan.Applications.Count, "application")} with {Count(plan.Applications.Sum(application => application.Objects.Count), "object")} taken over; Argo CD's controllers are stopped. 'bowline controller' delivers them, 'bowline release' gives them back.");

    public static void WriteReturn(TextWriter output, AdoptionPlan plan, string cluster)
    {
        output.WriteLine($"Argo CD in namespace {plan.Namespace} of {cluster}: {Count(plan.Applications.Count, "application")}");
        WriteControllers(output, plan, controller => controller.Former is { } former ? $"{controller.Replicas} -> {former}" : $"{controller.Replicas}, not adopted");
    }

    private static void WriteControllers(TextWriter output, AdoptionPlan plan, Func<ArgoController, string> change)
    {
        int width = Width(string.Empty, plan.Controllers.Select(controller => controller.ToString()));
        foreach (ArgoController controller in plan.Controllers)
        {
            output.WriteLine($"  {controller.ToString().PadRight(width)}replicas {change(controller)}");
        }
    }

    private static void WriteRemarks(TextWriter output, AdoptedApplication application)
    {
        foreach (string differing in application.Differing)
        {
            output.WriteLine($"  differs from Git: {differing}");
        }

        foreach (string unsupported in application.Unsupported)
        {
            output.WriteLine($"  not supported: {unsupported}");
        }

        foreach (string foreign in application.Foreign.Select(entry => entry.Id.ToString()))
        {
            output.WriteLine($"  not tracked, so never pruned: {foreign}");
        }
    }

    private static int Width(string title, IEnumerable<string> cells) => cells.Append(title).Max(cell => cell.Length) + 2;

    private static string Count(int number, string noun) => $"{number} {noun}{(number == 1 ? string.Empty : "s")}";
}
