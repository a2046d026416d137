using BenchmarkDotNet.Running;
using Bowline.Benchmarks;

// Without arguments: the numbers of docs/benchmarks.md, in a few minutes. With arguments: BenchmarkDotNet (--filter '*').
if (args.Length == 0)
{
    await Numbers.PrintAsync(CancellationToken.None);
    return 0;
}

BenchmarkSwitcher.FromAssembly(typeof(Numbers).Assembly).Run(args);
return 0;
