namespace Bowline.Languages.GoTemplates.Evaluating;

/// <summary>Parsed texts by content, shared by sets, renders and threads; the least recently added are dropped when it is full.</summary>
public sealed class ParseCache(int capacity = 4096)
{
    internal int Capacity => capacity;
}
