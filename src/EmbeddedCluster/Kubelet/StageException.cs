namespace Bowline.EmbeddedCluster.Kubelet;

/// <summary>A Stage or Behaviour that cannot be used; the message says which and why.</summary>
public sealed class StageException(string message, Exception? inner = null) : Exception(message, inner);
