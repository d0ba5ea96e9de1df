"""Why a method is off: the cause at the first row of the trace where it arises, and what would be better.

Every program that computed something wrong (the function itself, a reverse or a forward sweep, the formulas of
symbolic) is run once more in doubles and in many digits, node by node; a difference quotient is taken apart into its
truncation and its round-off. Nothing is searched where nothing is off.
"""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from time import perf_counter
from typing import Any, NamedTuple

from diffcli.graph.program import Graph
from diffcli.methods.finite import COMPLEX, STENCILS
from diffcli.methods.forward import tangent_program
from diffcli.studies.causes import special_nodes
from diffcli.studies.explanation.conditions import conditions
from diffcli.studies.explanation.finite import finite_reason, good_to_know
from diffcli.studies.explanation.need import Explained, is_off, is_value_wrong, is_wrong
from diffcli.studies.explanation.origin import Comparison
from diffcli.studies.explanation.record import VALUE, Explanation, Reason
from diffcli.studies.explanation.rewrites import MOST_OPERATIONS, Bench, branches
from diffcli.studies.explanation.rows import Named, Rows
from diffcli.studies.explanation.steps import Difference
from diffcli.studies.explanation.words import branch_reason, kink_reason, origin_reason
from diffcli.studies.probe import OutOfTime
from diffcli.studies.records import Component, OutputStudy
from diffcli.studies.running import Run

MOST_NODES = 3000
"""Of programs that are searched for causes."""
SECONDS = 2.0
"""How long the search may take for all methods together."""
MOST_COMPONENTS = 4
"""Derivatives of one output for which the cause of a method's error is searched, the worst ones."""
LARGE, TIME = (
    f"causes are searched in programs of up to {MOST_NODES} operations; this one has more",
    f"the search for causes was stopped after {SECONDS:g} s",
)


class Subject(NamedTuple):
    """What is to be explained: a program in numbers at a point."""

    graph: Graph
    point: Sequence[float]
    is_numbered: bool
    """Whether its trace numbers these nodes: not for a program on arrays that was written out."""
    finite: Mapping[str, Any]
    """The options of finite differences."""


def explain(subject: Subject, outputs: Sequence[OutputStudy], runs: Sequence[Run]) -> Explained:
    """The causes of all errors, in double precision."""
    if len(subject.graph.nodes) > MOST_NODES:
        return Explained((), (LARGE,) if any(map(is_wrong, outputs)) else ())
    inquiry, found = Inquiry(subject, runs, perf_counter() + SECONDS), list[Explanation]()
    for number, output in enumerate(outputs):
        if not output.problem and not inquiry.is_out_of_time:
            found += inquiry.output(number, output)
    return Explained(tuple(found), (TIME,) if inquiry.is_out_of_time else ())


class Inquiry:
    """The search in one program at one point; what several methods share is computed once."""

    def __init__(self, subject: Subject, runs: Sequence[Run], deadline: float) -> None:
        """Nothing is computed before it is needed."""
        self._subject, self._graph, self._point = subject, subject.graph, subject.point
        self._runs = {run.method: run for run in runs}
        self._deadline = deadline
        self.is_out_of_time = False
        self._positions = {self._graph.nodes[p].literal: p for p in self._graph.inputs}
        self._comparisons: dict[tuple[str, int], Comparison] = {}

    def output(self, number: int, output: OutputStudy) -> list[Explanation]:
        """Everything there is to explain about one output."""
        rows = Rows(self._graph, [self._positions[s.name] for s in output.reference.slopes], self._subject.is_numbered)
        found, others = list[Explanation](), list[Explanation]()
        try:
            found += self._errors(number, output, rows)
        except OutOfTime:
            self.is_out_of_time = True
        found = merged(found)
        try:
            others = [*self._conditions(number, output, rows), *self._good_to_know(number, output, rows)]
            if found:
                first = next((k for k, one in enumerate(found) if one.methods != ("finite",)), 0)
                found[first] = self._with_rewrite(found[first], number, output, rows)
        except OutOfTime:
            self.is_out_of_time = True
        return found + others

    def _errors(self, number: int, output: OutputStudy, rows: Rows) -> Iterator[Explanation]:
        """The cause of each error, the value's first."""
        if is_value_wrong(output):
            yield from self._value(number, output, rows)
        for method in output.methods:
            for component in _worst(method.components) if is_off(method) else ():
                reason = self._reason(method.method, number, output, component, rows)
                if reason:
                    yield Explanation(output.name, (method.method,), (component.variable,), reason)

    def _compared(self, kind: str, key: int, graph: Graph) -> Comparison:
        if (kind, key) not in self._comparisons:
            self._comparisons[kind, key] = Comparison(graph, self._point, self._deadline)
        return self._comparisons[kind, key]

    def _value(self, number: int, output: OutputStudy, rows: Rows) -> Iterator[Explanation]:
        comparison = self._compared(VALUE, 0, self._graph)
        origin = comparison.origin(self._graph.outputs[number])
        reason = origin_reason(comparison, origin, rows.primal(origin.node), rows)
        yield Explanation(output.name, (VALUE,), (), reason)

    def _reason(self, method: str, number: int, output: OutputStudy, component: Component, rows: Rows) -> Reason | None:
        index = next(k for k, slope in enumerate(output.reference.slopes) if slope.name == component.variable)
        if method == "finite":
            return self._finite(number, output, component, index, rows)
        found = self._program(method, number, index, len(output.reference.slopes), rows)
        if found is None:
            return None
        comparison, node = found
        truth = output.reference.slopes[index].value
        if truth is not None and comparison.is_another(node, truth):
            return self._rule_at_a_kink(comparison, node, rows)
        origin = comparison.origin(node)
        return origin_reason(comparison, origin, self._named(method, number, index, origin.node, rows), rows)

    def _rule_at_a_kink(self, comparison: Comparison, node: int, rows: Rows) -> Reason | None:
        """The first row that is not smooth here, where the derivative program is wrong without any rounding."""
        primal = self._compared(VALUE, 0, self._graph)
        special = special_nodes(self._graph, primal.probe.arithmetic, primal.exact)
        return kink_reason(rows.primal(min(special)), comparison.floats[node]) if special else None

    def _program(self, method: str, number: int, index: int, width: int, rows: Rows) -> tuple[Comparison, int] | None:
        """The program of a derivative beside its exact values, and the node that is the derivative."""
        if method == "reverse":
            graph = rows.adjoint_program(number).graph
            return self._compared(method, number, graph), graph.outputs[1 + index]
        if method == "forward":
            graph = tangent_program(self._graph, rows.wrt[index]).graph
            return self._compared(method, index, graph), graph.outputs[len(self._graph.outputs) + number]
        formulas: Graph | None = getattr(self._runs[method].prepared, "formulas", None)
        if formulas is None or len(formulas.nodes) > MOST_NODES:
            return None
        first = len(formulas.outputs) // (width + 1) + number * width
        return self._compared(method, 0, formulas), formulas.outputs[first + index]

    def _named(self, method: str, number: int, index: int, node: int, rows: Rows) -> Named:
        if method == "reverse":
            return rows.in_adjoint(number, node)
        if method == "forward":
            return rows.in_tangent(rows.wrt[index], node)
        return rows.in_formulas(self._runs[method].prepared.formulas, node)  # type: ignore[union-attr]

    def _finite(self, number: int, output: OutputStudy, component: Component, index: int, rows: Rows) -> Reason | None:
        scheme, step = self._subject.finite.get("scheme") or "centered", self._subject.finite.get("step")
        truth = output.reference.slopes[index].value
        if scheme == COMPLEX or truth is None:
            return None
        wrt = rows.wrt[index]
        place = self._graph.inputs.index(wrt)
        if not math.isfinite(output.value if output.value is not None else math.nan):
            return next(self._value(number, output, rows)).reason
        usual = STENCILS[scheme], step or STENCILS[scheme].default_step(self._point[place])
        stencil, h = self._mended().get((number, place), usual)
        difference = Difference(self._graph, self._point, wrt, self._graph.outputs[number], self._deadline)
        return finite_reason(difference, rows, stencil, h, component.value, truth)

    def _mended(self) -> Mapping[tuple[int, int], Any]:
        run = self._runs.get("finite")
        return getattr(run.prepared, "mended", {}) if run else {}

    def _with_rewrite(self, first: Explanation, number: int, output: OutputStudy, rows: Rows) -> Explanation:
        """The first explanation with the rewrite that helps, if the table knows one."""
        if not self._subject.is_numbered or self._graph.operations > MOST_OPERATIONS:
            return first
        bench = Bench(self._graph, self._point, rows.wrt, number, self._deadline)
        return replace(first, rewrite=bench.suggestion(output.reference))

    def _conditions(self, number: int, output: OutputStudy, rows: Rows) -> list[Explanation]:
        off = [method for method in output.methods if is_off(method)]
        adjoint = None
        if any(method.method != "finite" for method in off):
            graph = rows.adjoint_program(number).graph
            adjoint = self._compared("reverse", number, graph)
        reasons = conditions(self._graph, self._point, output, adjoint, is_wrong=bool(off) or is_value_wrong(output))
        return [Explanation(output.name, (), (), reason, is_error=False) for reason in reasons]

    def _good_to_know(self, number: int, output: OutputStudy, rows: Rows) -> list[Explanation]:
        """What went right, but only just: steps at the edge of the domain, simplifications that would be wrong."""
        found = []
        finite = next((method for method in output.methods if method.method == "finite"), None)
        if finite and finite.components and not is_off(finite) and self._subject.finite.get("step") is None:
            mended = {index: taken for (out, index), taken in self._mended().items() if out == number}
            for component, wrt in zip(finite.components[:MOST_COMPONENTS], rows.wrt, strict=False):
                reason = good_to_know(rows, self._point, wrt, mended, self._deadline)
                if reason:
                    variables = (component.variable,)
                    found.append(Explanation(output.name, ("finite",), variables, reason, is_error=False))
        if number == 0 and self._subject.is_numbered:
            for branch in branches(self._graph, self._point):
                reason = branch_reason(branch, rows.primal(branch.node))
                found.append(Explanation(output.name, (), (), reason, is_error=False))
        return merged(found)


def _worst(components: Sequence[Component]) -> list[Component]:
    wrong = [component for component in components if component.within is False]
    return sorted(wrong, key=lambda c: -math.inf if c.error is None else c.error.digits)[:MOST_COMPONENTS]


def merged(found: Iterable[Explanation]) -> list[Explanation]:
    """Those with the same cause as one, of several methods and variables."""
    groups: dict[tuple[Any, ...], Explanation] = {}
    for one in found:
        place = (one.reason.row, one.reason.operation) if one.reason.operation else one.reason.text
        key = (one.output, one.is_error, one.reason.cause, place)
        known = groups.get(key)
        if known is None:
            groups[key] = one
        else:
            methods = dict.fromkeys((*known.methods, *one.methods))
            variables = dict.fromkeys((*known.variables, *one.variables))
            reason = known.reason
            if one.reason.advice and not reason.advice:
                advice = one.reason.advice if methods.keys() == {"finite"} else f"finite: {one.reason.advice}"
                reason = reason._replace(better_step=one.reason.better_step, advice=advice)
            groups[key] = replace(known, methods=tuple(methods), variables=tuple(variables), reason=reason)
    return list(groups.values())
