"""The four approaches in the words of the lectures, and what became of each claim when it was measured here."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from importlib import import_module
from typing import Any, Literal, NamedTuple

from diffcli.errors import UsageError
from diffcli.studies.catalogue import Listing
from diffcli.studies.methods.record import Measurement
from diffcli.studies.values import SCHEMA

Kind = Literal["note", "required", "pro", "con"]
MEASUREMENTS = {
    "inputs": "costs",
    "outputs": "costs",
    "crossover": "costs",
    "sweep": "costs",
    "requirements": "costs",
    "precision": "formulas",
    "testing": "formulas",
    "formula": "formulas",
    "swell": "formulas",
    "paths": "graphs",
    "memory": "graphs",
    "chains": "graphs",
    "nodes": "graphs",
}
"""Each measurement, and the module that has it as a function."""


class Statement(NamedTuple):
    """What the lectures say of an approach."""

    kind: Kind
    text: str
    measured: str = ""
    """The measurement that puts it to the test; notes on names and history have none."""


class Approach(NamedTuple):
    """One way to differentiate."""

    name: str
    title: str
    statements: tuple[Statement, ...]
    see: tuple[str, ...]
    """Commands that show it."""


APPROACHES = (
    Approach(
        "finite",
        "Finite Difference Method",
        (
            Statement("note", "Suffers from issues of floating point precision, in practice", "precision"),
            Statement("required", "Ability to call the function f(x) on any input x", "requirements"),
            Statement("pro", "Great for testing implementations of backpropagation", "testing"),
            Statement("pro", "Trivial to implement", "requirements"),
            Statement("con", "Slow for high dimensional inputs / outputs", "inputs"),
        ),
        ("diffcli stepsize @deck-002", "diffcli grad @deck-002 --methods finite"),
    ),
    Approach(
        "symbolic",
        "Symbolic Differentiation",
        (
            Statement("note", "The method you learned in high-school"),
            Statement("required", "Mathematical expression that defines f(x)", "requirements"),
            Statement("required", "Systematic knowledge of derivatives"),
            Statement("pro", "Yields easily interpretable derivatives", "formula"),
            Statement("con", "Leads to exponential computation time if not carefully implemented", "swell"),
        ),
        ("diffcli grad @deck-001 --methods symbolic",),
    ),
    Approach(
        "forward",
        "Automatic Differentiation - Forward Mode",
        (
            Statement("note", "Easy to implement. Uses dual numbers.", "memory"),
            Statement("required", "Algorithm for computing f(x)", "requirements"),
            Statement(
                "pro",
                "Computes partial derivatives of all outputs f(x)_i with respect to one input x_j in time proportional "
                "to computation of f(x)",
                "outputs",
            ),
            Statement("con", "Slow for high dimensional inputs (e.g. vector-valued x)", "inputs"),
        ),
        ("diffcli trace @deck-001 --mode forward",),
    ),
    Approach(
        "reverse",
        "Automatic Differentiation - Reverse Mode",
        (
            Statement("note", "Called Backpropagation when applied to Neural Nets"),
            Statement("note", "Storing intermediate results for efficiency", "memory"),
            Statement("required", "Algorithm for computing f(x)", "requirements"),
            Statement(
                "pro",
                "Computes partial derivatives of one output f(x)_i with respect to all inputs x_j in time proportional "
                "to computation of f(x)",
                "sweep",
            ),
            Statement("pro", "Efficiently by touching every edge only once", "paths"),
            Statement("con", "Slow for high dimensional outputs (e.g. vector-valued functions)", "outputs"),
        ),
        ("diffcli trace @deck-001", "diffcli trace @deck-001 --mode both", "diffcli paths @deck-001"),
    ),
)
"""In the words of decks 000 to 004."""


class Claim(NamedTuple):
    """A claim of the lectures, and the command that shows or measures it."""

    of: str
    text: str
    command: str


CLAIMS = (
    Claim("finite", "only to call f; trivial to write", "diffcli methods --measure requirements"),
    Claim("finite", "great for testing backprop", "diffcli methods --measure testing"),
    Claim("finite", "slow in high dimension (2A calls)", "diffcli methods --measure inputs"),
    Claim("finite", "floating-point issues; ε neither too large nor too small", "diffcli methods --measure precision"),
    Claim("finite", "error-versus-ε curve with its V shape", "diffcli stepsize @deck-002"),
    Claim("symbolic", "an expression that defines f", "diffcli methods --measure requirements"),
    Claim("symbolic", "an interpretable formula", "diffcli methods --measure formula"),
    Claim("symbolic", "exponential if not carefully implemented", "diffcli methods --measure swell"),
    Claim("forward", "an algorithm for f; easy", "diffcli methods --measure requirements"),
    Claim("forward", "all outputs wrt one input, at cost proportional to f", "diffcli methods --measure outputs"),
    Claim("forward", "slow for many inputs (A sweeps)", "diffcli methods --measure inputs"),
    Claim("forward", "dual-number columns, one tangent per input", "diffcli trace @deck-001 --mode forward"),
    Claim("reverse", "an algorithm for f", "diffcli methods --measure requirements"),
    Claim("reverse", "one output wrt all inputs, at cost proportional to f", "diffcli methods --measure sweep"),
    Claim("reverse", "every edge touched once", "diffcli methods --measure paths"),
    Claim("reverse", "stores intermediates", "diffcli methods --measure memory"),
    Claim("reverse", "slow for many outputs (B sweeps)", "diffcli methods --measure outputs"),
    Claim("reverse", "primal trace, adjoint trace, one sweep per output", "diffcli trace @deck-001"),
    Claim("forward, reverse", "slow for many inputs, slow for many outputs", "diffcli methods --measure crossover"),
    Claim("forward, reverse", "tangents and adjoints of every node", "diffcli trace @deck-001 --mode both"),
    Claim("graphs", "sum over paths of products of local gradients", "diffcli paths @deck-004"),
    Claim("graphs", "paths grow exponentially, edges do not", "diffcli methods --measure paths"),
    Claim("graphs", "products along a chain vanish or explode", "diffcli methods --measure chains"),
    Claim("frameworks", "GPU support and coarser (vectorised) graph nodes", "diffcli methods --measure nodes"),
)
"""Every row of the lectures' table of approaches and every further claim that can be measured."""


@dataclass(frozen=True)
class Methods:
    """The record of `diffcli methods`."""

    measured: tuple[Measurement, ...] = ()
    is_selection: bool = False
    """Whether only some measurements were asked for: then only these are shown."""

    @property
    def exit_code(self) -> int:
        """1 where a count is not what the lectures claim."""
        return int(not all(one.holds for one in self.measured))

    def finding(self, approach: str, statement: Statement) -> str:
        """What was measured of a statement; empty where nothing was."""
        found = (one.findings.get(approach, "") for one in self.measured if one.name == statement.measured)
        return next(found, "")

    def to_dict(self) -> dict[str, Any]:
        """The JSON object of `diffcli methods --format json`."""
        return {
            "schema": SCHEMA,
            "command": "methods",
            "approaches": [self._approach_dict(approach) for approach in APPROACHES],
            "claims": [claim._asdict() for claim in CLAIMS],
            "measurements": {one.name: one.to_dict() for one in self.measured},
            "exit_code": self.exit_code,
        }

    def _approach_dict(self, approach: Approach) -> dict[str, Any]:
        statements = [
            {**one._asdict(), "measured": one.measured or None, "finding": self.finding(approach.name, one) or None}
            for one in approach.statements
        ]
        return {"name": approach.name, "title": approach.title, "statements": statements, "see": list(approach.see)}


def claims() -> Listing:
    """Every claim with its command, as a table."""
    rows = tuple((claim.of, claim.text, claim.command) for claim in CLAIMS)
    return Listing("methods", f"{len(rows)} claims of the lectures", ("of", "claim", "command that shows it"), rows)


def chosen(names: Sequence[str]) -> tuple[str, ...]:
    """The measurements that are asked for, all where none is named; raises UsageError for an unknown one."""
    for name in names:
        if name not in MEASUREMENTS:
            near = get_close_matches(name, MEASUREMENTS, 1)
            hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(MEASUREMENTS)}"
            raise UsageError(f"there is no measurement {name!r}", hint=hint)
    return tuple(dict.fromkeys(names)) or tuple(MEASUREMENTS)


def measured(names: Sequence[str], advance: Callable[[str], None] = lambda _: None) -> Methods:
    """Make these measurements, all where none is named; `advance` is told the name of each before it begins."""
    found = []
    for name in chosen(names):
        advance(name)
        found.append(_measurement(name)())
    return Methods(tuple(found), bool(names))


def _measurement(name: str) -> Callable[[], Measurement]:
    module = import_module(f"diffcli.studies.methods.{MEASUREMENTS[name]}")
    functions: Mapping[str, Callable[[], Measurement]] = vars(module)
    return functions[name]
