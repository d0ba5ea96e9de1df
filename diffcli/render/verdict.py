"""The verdict in words: who agrees with the judge, by which rule, and what else there is to know."""

import math
from collections.abc import Iterable, Iterator, Sequence

from diffcli.render.document import Text, text
from diffcli.render.explanations import NUMBERS, explanation_lines
from diffcli.render.numbers import tolerance
from diffcli.studies.records import Component, MethodResult, Study


def verdict_lines(study: Study) -> Iterator[Text]:
    """The verdict, the rule it follows, and the notes."""
    statuses = _worst_statuses(study)
    if not study.variables:
        yield from (text(f"note: {note}", role="quiet") for note in _notes(study))
        return
    yield _verdict(study, statuses)
    if any(status in ("ok", "off") for status in statuses.values()):
        yield text(_rule(study), role="quiet")
    yield from (text(line, role="quiet") for line in _beside_larger(study))
    if _explains_all(study):
        yield text("all digits: no double lies nearer to the judge's number.", role="quiet")
    yield from explanation_lines(study)
    yield from (text(f"note: {note}", role="quiet") for note in _notes(study))


def _worst_statuses(study: Study) -> dict[str, str]:
    """For each method the worst of its statuses over all outputs."""
    order = ("ok", "unjudged", "not applicable", "gave up", "off", "no number")
    worst: dict[str, str] = {}
    for output in study.outputs:
        for method in output.methods:
            worst[method.method] = max(worst.get(method.method, "ok"), method.status, key=order.index)
    return worst


def _verdict(study: Study, statuses: dict[str, str]) -> Text:
    if study.verdict in ("no derivative", "not judged"):
        if all(slope.status == "not sampled" for output in study.outputs for slope in output.reference.slopes):
            return text("The program is too large for the judge: nothing is confirmed but by the notes.", role="bad")
        words = "The judge could not decide" if study.verdict == "not judged" else "No finite derivative here"
        return text(f"{words}, so there is nothing for the methods to agree with.", role="bad")
    claims: dict[str, list[str]] = {}
    for method, status in statuses.items():
        claims.setdefault(_claim(study, method, status), []).append(method)
    is_wrong = any(status in ("off", "no number") for status in statuses.values())
    sentences = [
        f"{_subject(methods, len(statuses))} {_agreeing(claim, len(methods))}." for claim, methods in claims.items()
    ]
    return text(" ".join(sentences) or "There is nothing to compare.", role="bad" if is_wrong else "good")


def _claim(study: Study, method: str, status: str) -> str:
    """What is true of a method, as the end of a sentence about several."""
    claims = {"ok": "agree with the judge", "no number": "give no number", "gave up": "gave up"}
    if status == "off":
        return f"are off in {_places(study, method)}"
    return claims.get(status, f"are {status}")


def _agreeing(claim: str, count: int) -> str:
    """The claim with its verb in the singular where it is about one method."""
    if count > 1:
        return claim
    verb, _, rest = claim.partition(" ")
    singular = {"are": "is", "gave": "gave"}.get(verb, f"{verb}s")
    return f"{singular} {rest}"


def _subject(methods: Sequence[str], count: int) -> str:
    if len(methods) == count > 2:
        return f"All {NUMBERS[count] if count < len(NUMBERS) else count}"
    return listed(methods).capitalize()


def listed(words: Sequence[str]) -> str:
    """Words in a sentence: finite, forward and reverse."""
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)


def _places(study: Study, method: str) -> str:
    """Which derivatives a method has wrong."""
    wrong = [
        f"∂{output.name}/∂{component.variable}"
        for output in study.outputs
        for result in output.methods
        if result.method == method
        for component in result.components
        if component.within is False
    ]
    return listed(wrong) if len(wrong) <= 4 else f"{', '.join(wrong[:3])} and {len(wrong) - 3} more"


def _rule(study: Study) -> str:
    """The rule with the tolerances of each method, those with the same ones together."""
    groups: dict[str, list[str]] = {}
    for method in study.outputs[0].methods:
        limit = _limit(study, method.method)
        if limit:
            groups.setdefault(limit, []).append(method.method)
    largest = max(map(len, groups.values()), default=0)
    texts = [
        f"{limit} ({'others' if len(groups) > 1 and len(members) == largest > 1 else ', '.join(members)})"
        for limit, members in groups.items()
    ]
    return f"Rule: |method − judge| ≤ {', '.join(texts)}, or one unit in the last place."


def _limit(study: Study, method: str) -> str:
    """1e-6·|judge|, and the absolute tolerance where the judge is 0 for some component, or within arrays."""
    found = [component.tolerance for component in _components(study, method) if component.tolerance]
    if not found:
        return ""
    relative = tolerance(found[0].relative)
    if study.shapes:
        return f"{relative}·(|judge| + largest of its array)"
    absolute = max(limits.absolute for limits in found)
    return f"{relative}·|judge|" + (f" or, where that is 0, {tolerance(absolute)}" if absolute else "")


def _beside_larger(study: Study) -> Iterator[str]:
    """What the rule for arrays lets pass that the rule for numbers would not."""
    for output in study.outputs:
        for method in output.methods:
            if passed := method.beside_larger:
                worst = min(passed, key=lambda component: component.error.digits if component.error else 0.0)
                count = f"{len(passed)} derivatives count" if len(passed) > 1 else "one derivative counts"
                digits = worst.error.digits if worst.error else 0.0
                yield (
                    f"{method.method}: {count} as right only beside the largest of the array; worst is "
                    f"∂{output.name}/∂{worst.variable} with {digits:.1f} digits."
                )


def _components(study: Study, method: str) -> Iterator[Component]:
    for output in study.outputs:
        for result in output.methods:
            if result.method == method:
                yield from result.components


def _explains_all(study: Study) -> bool:
    """Whether some number counts as right in all its digits though the judge's goes on."""
    errors = [c.error for m in study.outputs[0].methods for c in _components(study, m.method) if c.error]
    return any(error.digits == math.inf and error.absolute for error in errors)


def _notes(study: Study) -> Iterable[str]:
    """The notes of the study and of its methods, each once."""
    own = [
        f"{m.method}: {note}" for output in study.outputs for m in output.methods if _has_news(m) for note in m.notes
    ]
    explained = [f"finite: {x}: h = " for one in study.explanations for x in one.variables if one.reason.better_step]
    return [note for note in dict.fromkeys([*study.notes, *own]) if not note.startswith(tuple(explained))]


def _has_news(method: MethodResult) -> bool:
    return method.status != "gave up"
