using System.CommandLine;
using System.Globalization;
using Bowline.EmbeddedCluster.Kubelet;
using Bowline.Resources.Schemas;
using Bowline.Server.Composition;

namespace Bowline.Cli.Commands;

/// <summary>The simulated nodes of an embedded cluster and how fast they are: the flags that <c>up</c> and <c>cluster start</c> share.</summary>
internal sealed class NodeFlags(int nodes)
{
    private readonly Option<int> count = new("--nodes") { Description = $"How many simulated nodes (default {nodes})", HelpName = "N", DefaultValueFactory = _ => nodes };
    private readonly Option<string> cpu = Text("--node-cpu", "CPUs of each simulated node", SimulatedNodeOptions.Default.Cpu);
    private readonly Option<string> memory = Text("--node-memory", "Memory of each simulated node", SimulatedNodeOptions.Default.Memory);
    private readonly Option<int> pods = new("--node-pods") { Description = $"How many pods each simulated node takes (default {SimulatedNodeOptions.Default.Pods})", HelpName = "N", DefaultValueFactory = _ => SimulatedNodeOptions.Default.Pods };
    private readonly Option<double> speed = new("--speed") { Description = "0: pods are ready at once (default); 1: they take the time of their probes; 60: a minute takes a second", HelpName = "X" };
    private readonly Option<string> stages = new("--stages") { Description = "Behaviour of simulated pods and nodes: a file or folder of Stages (KWOK's) and Behaviours", HelpName = "FILE|DIR", DefaultValueFactory = _ => string.Empty };

    public IReadOnlyList<Option> Options => [count, cpu, memory, pods, speed, stages];

    /// <exception cref="UsageException">An amount that no node can have.</exception>
    public SimulationOptions Read(ParseResult parse) => new()
    {
        Nodes = SimulatedNodeOptions.Default with
        {
            Count = Within(count, parse, 0, 10_000),
            Cpu = Amount(cpu, parse),
            Memory = Amount(memory, parse),
            Pods = Within(pods, parse, 1, 100_000),
        },
        Speed = parse.GetValue(speed) is >= 0 and <= 100_000 and var factor
            ? factor
            : throw new UsageException(string.Create(CultureInfo.InvariantCulture, $"--speed {parse.GetValue(speed)}: expected 0 (at once) to 100000 (1: as long as the probes take)")),
        Stages = parse.GetValue(stages)!,
    };

    private static int Within(Option<int> option, ParseResult parse, int least, int most) => parse.GetValue(option) is var number && number >= least && number <= most
        ? number
        : throw new UsageException($"{option.Name} {number}: expected {least} to {most}");

    private static string Amount(Option<string> option, ParseResult parse) => parse.GetValue(option) is { } text && Quantity.TryParse(text, out Quantity amount) && amount.Sign > 0
        ? text
        : throw new UsageException($"{option.Name} {parse.GetValue(option)}: expected a quantity above zero, such as {SimulatedNodeOptions.Default.Cpu} or {SimulatedNodeOptions.Default.Memory}");

    private static Option<string> Text(string name, string description, string otherwise) =>
        new(name) { Description = $"{description} (default {otherwise})", HelpName = "QUANTITY", DefaultValueFactory = _ => otherwise };
}
