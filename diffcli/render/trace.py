"""The screen of `trace`."""

from diffcli.render.document import Block, Document, Flow, Lines, Options, text
from diffcli.render.opening import point_text, problem_blocks, title_text, values_text
from diffcli.render.trace_tables import trace_blocks
from diffcli.studies.trace import Trace


def document(trace: Trace, options: Options) -> Document:
    """Everything `trace` has to say."""
    point = dict(zip(trace.variables, trace.point, strict=True))
    values = list(zip(trace.output_names, trace.values, strict=True))
    latex = trace.title if trace.style == "latex" else ""
    title = title_text(trace.title, latex, trace.output_names, options)
    blocks: list[Block] = [Flow((title, point_text(point, options), *values_text(values, options)))]
    for problem in trace.problems:
        blocks += problem_blocks(problem, trace.source)
    blocks += _tables(trace, options)
    if trace.notes:
        blocks.append(Lines(tuple(text(f"note: {note}", role="quiet") for note in trace.notes)))
    return Document(tuple(blocks))


def _tables(trace: Trace, options: Options) -> list[Block]:
    if trace.both is None:
        return trace_blocks(trace, options)
    from diffcli.render.both import both_blocks  # only where it is asked for

    return both_blocks(trace, options)
