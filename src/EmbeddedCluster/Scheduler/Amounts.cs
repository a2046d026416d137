using Bowline.Resources.Model;
using Bowline.Resources.Schemas;

namespace Bowline.EmbeddedCluster.Scheduler;

/// <summary>Amounts of resources in kube-scheduler's units: thousandths of a core for cpu, whole units for all others.</summary>
internal sealed class Amounts
{
    public const string CpuName = "cpu";
    public const string MemoryName = "memory";
    public const string StorageName = "ephemeral-storage";
    private Dictionary<string, long>? others;

    public long Cpu { get; private set; }

    public long Memory { get; private set; }

    public long Storage { get; private set; }

    /// <summary>Extended resources and huge pages.</summary>
    public Dictionary<string, long> Others => others ?? Nothing;

    private static Dictionary<string, long> Nothing { get; } = [];

    public static Amounts Of(Node? resources)
    {
        Amounts read = new();
        foreach ((string name, Node value) in resources as MapNode ?? [])
        {
            if (name != "pods")
            {
                read[name] = UnitsOf(name, value);
            }
        }

        return read;
    }

    public static long UnitsOf(string name, Node? value)
    {
        Quantity quantity = Quantity.Of(value);
        System.Numerics.BigInteger units = name == CpuName ? quantity.Millis : quantity.Units;
        return units > long.MaxValue / 4 ? long.MaxValue / 4 : units < 0 ? 0 : (long)units;
    }

    public long this[string name]
    {
        get => name switch
        {
            CpuName => Cpu,
            MemoryName => Memory,
            StorageName => Storage,
            _ => others?.GetValueOrDefault(name) ?? 0,
        };
        set
        {
            switch (name)
            {
                case CpuName:
                    Cpu = value;
                    break;
                case MemoryName:
                    Memory = value;
                    break;
                case StorageName:
                    Storage = value;
                    break;
                default:
                    (others ??= new Dictionary<string, long>(StringComparer.Ordinal))[name] = value;
                    break;
            }
        }
    }

    public void Add(Amounts more, int sign = 1)
    {
        Cpu += sign * more.Cpu;
        Memory += sign * more.Memory;
        Storage += sign * more.Storage;
        foreach ((string name, long value) in more.Others)
        {
            this[name] += sign * value;
        }
    }

    public void RaiseTo(Amounts least)
    {
        Cpu = Math.Max(Cpu, least.Cpu);
        Memory = Math.Max(Memory, least.Memory);
        Storage = Math.Max(Storage, least.Storage);
        foreach ((string name, long value) in least.Others)
        {
            this[name] = Math.Max(this[name], value);
        }
    }
}
