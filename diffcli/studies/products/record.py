"""The record of `jvp`, `vjp` and `hessian --direction`: one product, without the matrix, by all methods."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import prod
from typing import Any, Literal

from diffcli.studies.records import JUDGE_DIGITS, Component, Study
from diffcli.studies.reference import Slope
from diffcli.studies.values import SCHEMA, Value, finite, finite_value, nested

Kind = Literal["jvp", "vjp", "hvp"]
SEEDS: dict[str, str] = {"jvp": "tangent", "vjp": "cotangent", "hvp": "direction"}


@dataclass(frozen=True)
class ProductStudy:
    """One product by all methods; the elements of `study` are those of the product."""

    kind: Kind
    study: Study
    variables: tuple[str, ...]
    seeds: Mapping[str, Value]
    """The tangents, cotangents or directions by name."""
    values: tuple[tuple[str, float], ...]
    """The elements of the outputs."""

    @property
    def exit_code(self) -> int:
        """As of `grad`."""
        return self.study.exit_code

    @property
    def names(self) -> tuple[str, ...]:
        """What the elements of the product are called after: outputs for J·ẋ, inputs for Jᵀȳ and H·v."""
        return tuple(name for name, _ in self.values) if self.kind == "jvp" else self.study.elements

    def cells(self, index: int) -> list[Component]:
        """The elements of the product by the method number `index`; none where it gave up."""
        results = [output.methods[index] for output in self.study.outputs]
        return [component for result in results for component in result.components]

    @property
    def slopes(self) -> list[Slope]:
        """The same by the judge."""
        return [slope for output in self.study.outputs for slope in output.reference.slopes]

    def to_dict(self) -> dict[str, Any]:
        """The JSON object of `diffcli jvp --format json`, and of the others."""
        record = self.study.to_dict()
        methods = self.study.outputs[0].methods
        return {
            "schema": SCHEMA,
            "command": "hessian" if self.kind == "hvp" else self.kind,
            **{key: record[key] for key in ("input", "expression", "point")},
            "variables": list(self.variables),
            SEEDS[self.kind]: {name: finite_value(value) for name, value in self.seeds.items()},
            "values": {name: finite(value) for name, value in self.values},
            "reference": {
                "digits": JUDGE_DIGITS,
                "product": {name: slope.value for name, slope in zip(self.names, self.slopes, strict=True)},
            },
            "product": {
                result.method: self._arranged([finite(c.value) for c in self.cells(index)])
                for index, result in enumerate(methods)
            },
            **{key: record[key] for key in ("outputs", "function_seconds", "verdict", "exit_code", "notes")},
        }

    def _arranged(self, numbers: Sequence[float | None]) -> dict[str, Any]:
        """By output element, or by variable as nested lists."""
        if self.kind == "jvp" or not numbers:
            return dict(zip(self.names, numbers, strict=False))
        result, first = {}, 0
        for name in self.study.variables:
            shape = self.study.shapes.get(name, ())
            size = prod(shape)
            result[name] = nested(numbers[first : first + size], shape)
            first += size
        return result
