using Bowline.Resources.Model;

namespace Bowline.Applications.Model;

/// <summary>An application that cannot be delivered, or a manifest that looks like one and cannot be read; the others go on.</summary>
/// <param name="Name">The application's name, or the file's when it is not known.</param>
/// <param name="Message">Starts with <c>file:line</c> where that is known.</param>
public sealed record ApplicationFault(string Name, Origin Origin, string Message)
{
    /// <summary>Whether the declaration itself is at fault, and not what it draws from.</summary>
    public bool IsInvalid { get; init; }
}

/// <summary>An application that cannot be read, resolved or rendered.</summary>
public sealed class ApplicationException(string message, Exception? inner = null) : Exception(message, inner)
{
    /// <summary>What an attempt is refused with; empty when it is not.</summary>
    public static string RefusalOf(Action attempt)
    {
        try
        {
            attempt();
            return string.Empty;
        }
        catch (ApplicationException refused)
        {
            return refused.Message;
        }
    }
}

/// <summary>Maps one foreign kind of object onto the model.</summary>
public interface IApplicationDialect
{
    /// <summary>Whether the object declares an application in this dialect.</summary>
    bool Understands(ResourceKind kind);

    /// <summary>What an object that is understood is known as.</summary>
    string NameOf(Resource resource);

    /// <exception cref="ApplicationException">The object is of the dialect but says something impossible or not supported.</exception>
    ApplicationSpec Read(Resource resource);
}
