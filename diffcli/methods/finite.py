"""Finite differences: only f is called. Great for testing the other methods, trivial to write, slow in many dimensions.

Centered differences (f(x + h d_j) − f(x − h d_j)) / 2h cost two evaluations of f for each of the A inputs. The step
size h is a compromise: the truncation error grows with h², the round-off error with 1/h. Where a point of the
stencil lies outside the domain of f, a smaller step or a one-sided stencil is taken, and `notes` says so.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from operator import sub
from typing import Any, NamedTuple

from diffcli.errors import LimitError, UsageError
from diffcli.execute.flat import Elements, flat, flattened
from diffcli.graph.layout import components, output_elements
from diffcli.graph.program import Graph
from diffcli.methods.method import Compiler, GaveUp, Jacobian

EPSILON, SINGLE_EPSILON = 2.0**-52, 2.0**-23
COMPLEX_STEP = 1e-100
"""So small that h² is nothing beside 1, so large that h times a small derivative does not underflow."""
SHRINKINGS = 9
"""How often a step that leaves the domain is divided by 16: from cbrt(eps) down to the spacing of doubles."""
Values = Sequence[float]
"""f_1 … f_B at one point."""


class Stencil(NamedTuple):
    """The derivative as Σ weight · (f(x + offset_to · h) − f(x + offset_from · h)) / (divisor · h)."""

    offsets: tuple[float, ...]
    differences: tuple[tuple[int, int, int], ...]
    """(weight, to, from): the latter two as indices of `offsets`."""
    divisor: int
    scale: float
    """The default step size is h = scale · max(1, |x|)."""
    side: str = ""
    epsilon: float = EPSILON
    """The spacing of numbers beside 1."""

    def at_resolution(self, epsilon: float) -> "Stencil":
        """The same for numbers whose spacing beside 1 is `epsilon`: the step is larger where they are coarser."""
        return self._replace(scale=self.scale ** (math.log(epsilon) / math.log(EPSILON)), epsilon=epsilon)

    def default_step(self, x: float) -> float:
        """The step scale · max(1, |x|), rounded so that x + h and x − h are numbers of that precision."""
        h = self.scale * max(1.0, abs(x))
        if self.epsilon == EPSILON:
            return representable(h, x)
        unit = self.epsilon * 2.0 ** math.ceil(math.log2(abs(x) + 2 * h))
        return max(round(h / unit), 1) * unit

    def quotient(self, values: Sequence[Any], h: Any) -> Any:
        """The slope from the values at the offsets, in the arithmetic of these numbers."""
        total = sum(weight * (values[to] - values[origin]) for weight, to, origin in self.differences)
        return total / (self.divisor * h)

    def slopes(self, samples: Sequence[Values], h: float) -> list[float]:
        """The slope of every output, from the values of the outputs at the offsets."""
        run = self.divisor * h
        terms = [
            [weight * difference / run for difference in map(sub, samples[to], samples[origin])]
            for weight, to, origin in self.differences
        ]
        return terms[0] if len(terms) == 1 else list(map(sum, zip(*terms, strict=True)))


CENTERED = Stencil((1, -1), ((1, 0, 1),), 2, EPSILON ** (1 / 3))
FORWARD = Stencil((0, 1), ((1, 1, 0),), 1, EPSILON ** (1 / 2))
RICHARDSON = Stencil((1, -1, 1 / 2, -1 / 2), ((8, 2, 3), (-1, 0, 1)), 6, EPSILON ** (1 / 5))
"""Centered differences with h and h/2, extrapolated to h = 0: the truncation error falls with h⁴."""
RIGHT = Stencil((0, 1, 2), ((4, 1, 0), (-1, 2, 0)), 2, EPSILON ** (1 / 3), "right")
"""(−3f(x) + 4f(x + h) − f(x + 2h)) / 2h, of second order like centered differences; LEFT is its mirror image."""
LEFT = Stencil((0, -1, -2), ((4, 0, 1), (-1, 0, 2)), 2, EPSILON ** (1 / 3), "left")
STENCILS = {"centered": CENTERED, "forward": FORWARD, "richardson": RICHARDSON}
COMPLEX = "complex-step"
SCHEMES = (*STENCILS, COMPLEX)


class Axis:
    """f along one coordinate axis through the point, t ↦ f(x + t d_j); no point is evaluated twice."""

    def __init__(
        self,
        program: Callable[[Any], Values],
        point: list[float] | Elements,
        index: int,
        known: dict[float, Values],
    ) -> None:
        """The axis of input number `index`; `known` has the values at the distances already tried."""
        self.x, self.known = point[index], known
        self._program, self._point, self._index = program, point.copy(), index

    def __call__(self, t: float) -> Values:
        """The values of all outputs at distance t."""
        if t not in self.known:
            self._point[self._index] = self.x + t
            self.known[t] = self._program(self._point)
        return self.known[t]

    def inside(self, output: int, t: float) -> bool:
        """Whether that output is finite at distance t."""
        return math.isfinite(self(t)[output])

    def slope(self, stencil: Stencil, output: int, h: float) -> float:
        """The slope of one output at the point."""
        return stencil.slopes([self(offset * h) for offset in stencil.offsets], h)[output]


class PreparedFinite:
    """Finite differences made ready: f compiled, and nothing else.

    `Jacobian.values` is empty where f(x) itself was not needed: a centered difference takes no value at the point,
    so none is computed and none is counted.
    """

    prepare_seconds: float | None = None

    def __init__(
        self, graph: Graph, wrt: Sequence[int], compiler: Compiler, scheme: str = "centered", step: float | None = None
    ) -> None:
        """Compile f; a `step` is used as given."""
        if scheme not in SCHEMES:
            raise UsageError(
                f"there is no scheme {scheme!r} of finite differences", hint=f"one of {', '.join(SCHEMES)}"
            )
        if step is not None and not 0 < step < math.inf:
            raise UsageError("the step size h must be a positive number", hint="for example --h 1e-6")
        if scheme == COMPLEX and (missing := _without_complex_function(graph)):
            raise GaveUp(
                f"a complex step needs {' and '.join(missing)} of a complex number, which Python does not have"
            )
        self.notes: tuple[str, ...] = ()
        self.mended: dict[tuple[int, int], tuple[Stencil, float]] = {}
        """By output and input: the stencil and the step taken instead of the usual ones."""
        self._scheme, self._step = scheme, step
        self._inputs, self._outputs = components(graph, wrt), len(output_elements(graph))
        self._is_scalar = graph.is_scalar
        self._program = compiler(graph, "complex evaluation" if scheme == COMPLEX else "evaluation")

    def __call__(self, point: Sequence[Any]) -> Jacobian:
        """Two evaluations of f for each input with centered differences (more near an edge of the domain)."""
        if self._scheme == COMPLEX:
            return self._complex_step(flattened(point))
        if self._is_scalar and (not point or isinstance(point[0], float)):
            return self._differences(self._program, list(point), STENCILS[self._scheme])
        stencil = STENCILS[self._scheme].at_resolution(resolution(point))
        return self._differences(flat(self._program), Elements(point), stencil)

    def _differences(
        self, program: Callable[[Any], Values], point: list[float] | Elements, stencil: Stencil
    ) -> Jacobian:
        moved = point.copy()
        notes: list[str] = []
        columns: list[list[float]] = []
        value: Values = ()
        for index, name in self._inputs:
            x = point[index]
            h = self._step or stencil.default_step(x)
            samples = []
            for offset in stencil.offsets:
                moved[index] = x + offset * h
                if offset:
                    samples.append(program(moved))
                else:
                    value = value or program(moved)
                    samples.append(value)
            moved[index] = x
            slopes = stencil.slopes(samples, h)
            columns.append(slopes)
            if self._step and x + h == x:
                notes.append(f"{name}: h = {h:.3g} is below the spacing of doubles at {x!r}")
            if not all(map(math.isfinite, slopes)):
                known = dict(zip((offset * h for offset in stencil.offsets), samples, strict=True))
                axis = Axis(program, point, index, known | ({0.0: value} if value else {}))
                notes += [f"{name}: {note}" for note in self._mend(stencil, axis, slopes, index)]
                value = axis(0.0)
        self.notes = tuple(notes)
        return self._jacobian(value, columns)

    def _jacobian(self, values: Values, columns: Sequence[Sequence[float]]) -> Jacobian:
        return Jacobian(tuple(values), tuple(zip(*columns, strict=True)) if columns else ((),) * self._outputs)

    def _mend(self, stencil: Stencil, axis: Axis, slopes: list[float], index: int) -> list[str]:
        """Replace the slopes that are not finite by others from points inside the domain; says how."""
        notes = []
        for output, slope in enumerate(slopes):
            if not math.isfinite(slope):
                slopes[output], note, self.mended[output, index] = self._near_edge(stencil, axis, output)
                notes.append(note)
        return list(dict.fromkeys(notes))

    def _near_edge(self, stencil: Stencil, axis: Axis, output: int) -> tuple[float, str, tuple[Stencil, float]]:
        usual = stencil, self._step or stencil.default_step(axis.x)
        if not axis.inside(output, 0.0):
            return math.nan, "f itself is not finite here", usual
        for candidate in self._candidates(stencil, axis, output):
            for largest, h in [(self._step, self._step)] if self._step else shrinking_steps(candidate, axis.x):
                if all(axis.inside(output, offset * largest) for offset in candidate.offsets):
                    return axis.slope(candidate, output, h), _how(candidate, h), (candidate, h)
        if self._step:
            return math.nan, f"f is not finite at the distance h = {self._step:.3g} asked for", usual
        return math.nan, "f is not finite beside this point, however small the step", usual

    def _candidates(self, stencil: Stencil, axis: Axis, output: int) -> tuple[Stencil, ...]:
        """The stencil itself, unless already the next double lies outside the domain; then the one-sided ones."""
        neighbours = (math.nextafter(axis.x, side) - axis.x for side in (math.inf, -math.inf))
        at_edge = self._step or not all(axis.inside(output, t) for t in neighbours)
        return (RIGHT, LEFT) if at_edge else (stencil, RIGHT, LEFT)

    def _complex_step(self, point: Sequence[float]) -> Jacobian:
        """f'(x) ≈ Im f(x + ih) / h: one evaluation for each input, and no difference that could cancel."""
        columns = []
        reals: Values = ()
        for index, _ in self._inputs:
            h = self._step or complex_step(point[index])
            result = self._program([*point, *(h * (other == index) for other in range(len(point)))])
            reals, imaginary = result[: self._outputs], result[self._outputs :]
            pairs = zip(reals, imaginary, strict=True)
            columns.append([part / h if math.isfinite(real) else math.nan for real, part in pairs])
        return self._jacobian(reals, columns)


def _without_complex_function(graph: Graph) -> tuple[str, ...]:
    from diffcli.execute import complexes  # only this scheme needs it

    try:
        return complexes.unsupported(graph)
    except LimitError as error:
        raise GaveUp(error.message) from None


def resolution(point: Sequence[Any]) -> float:
    """The spacing of numbers beside 1: of single precision if an array has it, else of doubles."""
    types = {str(getattr(value, "dtype", "float64")).rpartition(".")[2] for value in point}
    return SINGLE_EPSILON if "float32" in types else EPSILON


def representable(h: float, x: float) -> float:
    """The step nearest to h that takes x exactly to another double on both sides; never 0."""
    return (abs(x) + h) - abs(x) or math.ulp(x)


def complex_step(x: float) -> float:
    """1e-100, less only beside a number that is itself that small."""
    return COMPLEX_STEP if x == 0 or abs(x) > 1e-80 else abs(x) * 1e-20


def shrinking_steps(stencil: Stencil, x: float) -> Iterator[tuple[float, float]]:
    """Ever smaller steps, as (distance that must be inside the domain, step to use there).

    A tiny x is at the scale of x itself. Below that, the distance at which f becomes finite tells its scale, and the
    step is as small a part of it as the default step is of 1.
    """
    h = stencil.scale * max(1.0, abs(x))
    yield representable(h, x), representable(h, x)
    if 0 < abs(x) < 1:
        h = stencil.scale * abs(x)
        yield representable(h, x), representable(h, x)
    for _ in range(SHRINKINGS):
        h /= 16
        yield representable(h, x), representable(stencil.scale * h, x)


def _how(stencil: Stencil, h: float) -> str:
    if stencil.side:
        return f"one-sided differences to the {stencil.side} with h = {h:.3g}, as f is not finite on the other side"
    return f"h = {h:.3g}, as f is not finite at the usual distance"
