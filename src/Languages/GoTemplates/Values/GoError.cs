namespace Bowline.Languages.GoTemplates.Values;

/// <summary>
/// What a template function returns as its error. The evaluator turns it into a <c>TemplateException</c> that names the call;
/// it never leaves an execution by itself.
/// </summary>
public sealed class GoError(string message, Exception? inner = null) : Exception(message, inner);

/// <summary>A limit of the run was reached: not an error of the template language, so no function may swallow it.</summary>
public sealed class TemplateLimitException(string message) : Exception(message);
