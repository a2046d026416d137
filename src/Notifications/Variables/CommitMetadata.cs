using Bowline.Languages.GoTemplates.Values;

namespace Bowline.Notifications.Variables;

/// <summary>A commit as <c>repo.GetCommitMetadata</c> tells of it.</summary>
public sealed record CommitMetadata(string Message, string Author, DateTimeOffset Date, IReadOnlyList<string> Tags)
{
    private static readonly GoType Type = GoType.Struct("shared.CommitMetadata");

    internal GoObject ToValue() => new(Type,
    [
        new("Message", Message),
        new("Author", Author),
        new("Date", GoTime.From(Date)),
        new("Tags", GoSlice.Strings(Tags)),
    ]);
}

/// <summary>A commit of a repository, by the address that the application gives it and the project that it belongs to.</summary>
public readonly record struct CommitQuery(string Repository, string Revision, string Project);
