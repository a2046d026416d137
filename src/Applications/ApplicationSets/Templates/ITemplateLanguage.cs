using Bowline.Resources.Model;
using ApplicationException = Bowline.Applications.Model.ApplicationException;

namespace Bowline.Applications.ApplicationSets.Templates;

/// <summary>One of the two languages that texts of an ApplicationSet are written in.</summary>
internal interface ITemplateLanguage
{
    /// <summary>Whether parameters are trees; otherwise they are texts under dotted names (<c>path.basename</c>, <c>values.x</c>).</summary>
    bool IsStructured { get; }

    /// <summary>Renders texts with these parameters; the limits of the language hold for all of those texts together.</summary>
    /// <remarks>The function throws an <see cref="ApplicationException"/> for a text that cannot be rendered.</remarks>
    Func<string, string> With(MapNode parameters, CancellationToken cancellationToken);
}
