namespace Bowline.Server.Composition;

/// <summary>A request that cannot be carried out as it stands: the user must say something else. Exit code 2.</summary>
public sealed class UsageException(string message) : Exception(message);
