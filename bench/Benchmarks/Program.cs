using BenchmarkDotNet.Running;
using Bowline.Benchmarks;

// Without arguments: the numbers of docs/benchmarks.md, in a few minutes; with the name of an area, only its numbers. With other arguments: BenchmarkDotNet (--filter '*').
if (args.Length == 0)
{
    await Numbers.PrintAsync(CancellationToken.None);
    return 0;
}

if (args is ["delivery", "processes"])
{
    await WholeProcessNumbers.PrintAsync(CancellationToken.None);
    return 0;
}

if (args is ["many"])
{
    await WholeProcessNumbers.PrintManyAsync(CancellationToken.None);
    return 0;
}

if (args is ["sets"])
{
    await WholeProcessNumbers.PrintSetsAsync(CancellationToken.None);
    return 0;
}

if (args is ["replicas"])
{
    await WholeProcessNumbers.PrintReplicasAsync(CancellationToken.None);
    return 0;
}

if (args is ["delivery"])
{
    await DeliveryNumbers.PrintAsync(CancellationToken.None);
    return 0;
}

if (args is ["delivery", "sync"])
{
    await DeliveryNumbers.PrintSyncAsync(CancellationToken.None);
    return 0;
}

if (args is ["delivery", { } kubeconfig, .. var servers])
{
    await DeliveryNumbers.PrintAsync(kubeconfig, servers, CancellationToken.None);
    return 0;
}

if (args is ["kustomize"])
{
    KustomizeNumbers.Print();
    return 0;
}

if (args is ["helm"])
{
    HelmNumbers.Print(CancellationToken.None);
    return 0;
}

if (args is ["cluster", .. var parts])
{
    await ClusterNumbers.PrintAsync(parts);
    return 0;
}

if (args is ["workloads"])
{
    await WorkloadNumbers.PrintAsync(CancellationToken.None);
    return 0;
}

if (args is ["workloads", { } scenario])
{
    await WorkloadNumbers.RunAsync(scenario, CancellationToken.None);
    return 0;
}

BenchmarkSwitcher.FromAssembly(typeof(Numbers).Assembly).Run(args);
return 0;
