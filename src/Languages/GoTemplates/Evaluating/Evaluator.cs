using System.Globalization;
using System.Text;
using Bowline.Languages.GoTemplates.Parsing;
using Bowline.Languages.GoTemplates.Printing;
using Bowline.Languages.GoTemplates.Values;
using Bowline.Resources.Model;

namespace Bowline.Languages.GoTemplates.Evaluating;

/// <summary>Executes one template: its variables, its output and the node that an error would be reported at.</summary>
internal sealed partial class Evaluator(TemplateSet set, TemplateTree tree, TemplateRun run, StringBuilder output)
{
    private const int MaxFrames = 64;

    private readonly List<(string Name, Value Value)> variables = [];
    private SyntaxNode? current;

    private enum Flow
    {
        Next,
        Break,
        Continue,
    }

    /// <exception cref="TemplateException">The template failed.</exception>
    public void Execute(Value dot)
    {
        variables.Add(("$", dot));
        Exception? reached = null;
        run.Enter();
        try
        {
            StackGuard.Run(run, (this, dot), static state => state.Item1.WalkList(state.dot, state.Item1.Root));
        }
        catch (Exception limit) when (limit is TemplateLimitException or InsufficientExecutionStackException)
        {
            reached = limit;
        }
        finally
        {
            run.Leave();
        }

        if (reached is not null)
        {
            throw Error(reached.Message);
        }
    }

    private ListSyntax Root => tree.Root;

    private Flow WalkList(Value dot, ListSyntax list)
    {
        At(list);
        foreach (SyntaxNode node in list.Nodes)
        {
            Flow flow = Walk(dot, node);
            if (flow != Flow.Next)
            {
                return flow;
            }
        }

        return Flow.Next;
    }

    private Flow Walk(Value dot, SyntaxNode node)
    {
        At(node);
        run.Step();
        switch (node)
        {
            case TextSyntax text:
                Write(text.Text);
                return Flow.Next;
            case ActionSyntax action:
                Value value = EvaluatePipeline(dot, action.Pipe);
                if (action.Pipe.Declarations.Length == 0)
                {
                    Print(action, value);
                }

                return Flow.Next;
            case BranchSyntax { Kind: BranchKind.Range } range:
                return WalkRange(dot, range);
            case BranchSyntax branch:
                return WalkBranch(dot, branch);
            case TemplateSyntax template:
                WalkTemplate(dot, template);
                return Flow.Next;
            case BreakSyntax:
                return Flow.Break;
            case ContinueSyntax:
                return Flow.Continue;
            default:
                throw Error($"unknown node: {node}");
        }
    }

    private Flow WalkBranch(Value dot, BranchSyntax branch)
    {
        int mark = variables.Count;
        Value value = EvaluatePipeline(dot, branch.Pipe);
        Flow flow = Flow.Next;
        if (value.IsTrue)
        {
            flow = WalkNested(branch.Kind == BranchKind.With ? value : dot, branch.Body);
        }
        else if (branch.Otherwise is not null)
        {
            flow = WalkNested(dot, branch.Otherwise);
        }

        Pop(mark);
        return flow;
    }

    private Flow WalkNested(Value dot, ListSyntax list) =>
        StackGuard.HasRoom ? WalkList(dot, list) : StackGuard.Run(run, (this, dot, list), static state => state.Item1.WalkList(state.dot, state.list));

    private Flow WalkRange(Value dot, BranchSyntax range)
    {
        int mark = variables.Count;
        Value value = EvaluatePipeline(dot, range.Pipe);
        int inner = variables.Count;
        if (!Iterate(range, value, inner, out Flow flow) && range.Otherwise is not null)
        {
            flow = WalkNested(dot, range.Otherwise);
        }

        Pop(mark);
        return flow;
    }

    /// <summary>Walks the body once for each element; false when there is none.</summary>
    private bool Iterate(BranchSyntax range, Value value, int mark, out Flow flow)
    {
        flow = Flow.Next;
        switch (value.Node)
        {
            case null or NullNode:
                return false;
            case MapNode or GoMap:
                return IterateMap(range, value.Node, mark);
            case ListNode or GoSlice or GoBytes:
                bool isInterface = value.Node is ListNode || GoType.Of(value.Node).Elem == GoType.Any;
                IReadOnlyList<Node> items = GoTree.Items(value.Node)!;
                for (int i = 0; i < items.Count; i++)
                {
                    if (Iteration(range, Value.Of(GoInteger.Int(i)), new Value(items[i], isInterface), mark))
                    {
                        break;
                    }
                }

                return items.Count > 0;
            case IntegerNode or GoInteger or GoDuration:
                return IterateInteger(range, value.Node, mark);
            case GoFunctionValue:
                throw Error($"range can't iterate over {GoPrinter.Sprint(value.Node)}");
            default:
                throw Error($"range can't iterate over {GoPrinter.Format("%v", value.Node)}");
        }
    }

    private bool IterateMap(BranchSyntax range, Node node, int mark)
    {
        MapNode map = GoTree.Map(node)!;
        bool isInterface = node is MapNode || GoType.Of(node).Elem == GoType.Any;
        foreach ((string key, Node item) in map.Sorted())
        {
            if (Iteration(range, Value.Of(StringNode.Of(key)), new Value(item, isInterface), mark))
            {
                break;
            }
        }

        return map.Count > 0;
    }

    private bool IterateInteger(BranchSyntax range, Node node, int mark)
    {
        if (range.Pipe.Declarations.Length > 1)
        {
            throw Error($"can't use {GoPrinter.Format("%v", node)} to iterate over more than one variable");
        }

        long count = node switch { IntegerNode integer => integer.Value, GoInteger integer => integer.Value, _ => ((GoDuration)node).Nanoseconds };
        for (long i = 0; i < count; i++)
        {
            Node element = node switch
            {
                IntegerNode => IntegerNode.Of(i),
                GoInteger { Type: var type } => type == GoType.Int ? GoInteger.Int(i) : new GoInteger(type, i),
                _ => new GoDuration(i),
            };
            if (Iteration(range, Value.None, Value.Of(element), mark))
            {
                break;
            }
        }

        return count > 0;
    }

    /// <summary>One walk through the body; whether the loop ends with it.</summary>
    private bool Iteration(BranchSyntax range, Value index, Value element, int mark)
    {
        VariableSyntax[] declared = range.Pipe.Declarations;
        if (declared.Length > 0 && range.Pipe.IsAssign)
        {
            SetVariable(declared[0].Names[0], declared.Length > 1 ? index : element);
            if (declared.Length > 1)
            {
                SetVariable(declared[1].Names[0], element);
            }
        }
        else if (declared.Length > 0)
        {
            SetTopVariable(1, element);
            if (declared.Length > 1)
            {
                SetTopVariable(2, index);
            }
        }

        run.Step();
        Flow flow = WalkNested(element, range.Body);
        Pop(mark);
        return flow == Flow.Break;
    }

    private void WalkTemplate(Value dot, TemplateSyntax template)
    {
        TemplateTree called = set.Find(template.Name) ?? throw Error($"template {GoText.Quote(template.Name)} not defined");
        Value argument = template.Pipe is null ? Value.None : EvaluatePipeline(dot, template.Pipe);
        At(template);
        Exception failure;
        try
        {
            new Evaluator(set, called, run, output).Execute(argument);
            return;
        }
        catch (Exception exception) when (exception is TemplateException or TemplateLimitException)
        {
            failure = exception;
        }

        // Thrown out here, since handlers that throw stay on the stack, and templates call each other deeply.
        if (failure is not TemplateException inner)
        {
            throw Error(failure.Message);
        }

        // Go's text names the inner template only; the frames keep the way to it.
        (int line, int column) = tree.Locate(template);
        throw new TemplateException(failure.Message, inner.Reason, Frames(line, column, inner), false, failure.InnerException);
    }

    private void Print(ActionSyntax action, Value value)
    {
        At(action);
        switch (value.Node)
        {
            case null:
                Write("<no value>");
                break;
            case StringNode text:
                Write(text.Value);
                break;
            case GoFunctionValue:
                throw Error($"can't print {action} of type {value.TypeName}");
            default:
                try
                {
                    Write((value.Node as GoObject)?.Display ?? GoPrinter.Sprint(value.Node));
                }
                catch (GoError error)
                {
                    throw Error(error.Message);
                }

                break;
        }
    }

    private void Write(string text)
    {
        if (output.Length + text.Length > run.Limits.MaxOutput)
        {
            throw new TemplateLimitException($"the output is longer than {run.Limits.MaxOutput} characters");
        }

        run.Charge(text.Length);
        output.Append(text);
    }

    private void At(SyntaxNode node) => current = node;

    private void Pop(int mark) => variables.RemoveRange(mark, variables.Count - mark);

    private void SetTopVariable(int fromTop, Value value) => variables[^fromTop] = (variables[^fromTop].Name, value);

    private void SetVariable(string name, Value value) => variables[FindVariable(name)] = (name, value);

    private int FindVariable(string name)
    {
        for (int i = variables.Count - 1; i >= 0; i--)
        {
            if (variables[i].Name == name)
            {
                return i;
            }
        }

        throw Error($"undefined variable: {name}");
    }

    private TemplateException Error(string reason, Exception? inner = null)
    {
        TemplateException? cause = inner as TemplateException;
        if (current is null)
        {
            return new TemplateException($"template: {tree.Name}: {reason}", cause?.Reason ?? reason, Frames(0, -1, cause), false, inner);
        }

        (int line, int column) = tree.Locate(current);
        string message = string.Create(
            CultureInfo.InvariantCulture,
            $"template: {tree.ParseName}:{line}:{column}: executing {GoText.Quote(tree.Name)} at <{current}>: {reason}");
        return new TemplateException(message, cause?.Reason ?? reason, Frames(line, column, cause), false, inner);
    }

    private IReadOnlyList<TemplateFrame> Frames(int line, int column, TemplateException? cause)
    {
        TemplateFrame frame = new(tree.ParseName, line, column);
        return cause is null ? [frame] : [frame, .. cause.Frames.TakeLast(MaxFrames)];
    }
}
