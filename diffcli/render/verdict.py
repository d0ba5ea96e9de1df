"""The verdict in words: who agrees with the judge, by which rule, and what else there is to know."""

from collections.abc import Iterable, Iterator, Sequence

from diffcli.render.document import Text, text
from diffcli.render.numbers import tolerance
from diffcli.study.records import MethodResult, Study

NUMBERS = ("none", "one", "two", "three", "four", "five", "six")


def verdict_lines(study: Study) -> Iterator[Text]:
    """The verdict, the rule it follows, and the notes."""
    statuses = _worst_statuses(study)
    yield _verdict(study, statuses)
    if any(status in ("ok", "off") for status in statuses.values()):
        yield text(_rule(study), role="quiet")
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
    if study.verdict == "no derivative":
        return text("No finite derivative here, so there is nothing for the methods to agree with.", role="bad")
    good = [method for method, status in statuses.items() if status == "ok"]
    wrong = [method for method, status in statuses.items() if status in ("off", "no number")]
    silent = [method for method, status in statuses.items() if status in ("gave up", "not applicable", "unjudged")]
    sentences = []
    if wrong:
        worst = " and ".join(_failure(study, method, statuses[method]) for method in wrong)
        sentences.append(f"{worst}.")
    if good:
        sentences.append(f"{_all_of(good, len(statuses))} with the judge.")
    if silent:
        sentences.append("; ".join(f"{method}: {statuses[method]}" for method in silent) + ".")
    if not sentences:
        sentences.append("There is nothing to compare.")
    return text(" ".join(sentence[0].upper() + sentence[1:] for sentence in sentences), role="bad" if wrong else "good")


def _all_of(good: Sequence[str], count: int) -> str:
    if len(good) == count and count > 2:
        return f"all {NUMBERS[count] if count < len(NUMBERS) else count} agree"
    return f"{listed(good)} {'agree' if len(good) > 1 else 'agrees'}"


def listed(words: Sequence[str]) -> str:
    """Words in a sentence: finite, forward and reverse."""
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)


def _failure(study: Study, method: str, status: str) -> str:
    if status == "no number":
        return f"{method} gives no number"
    wrong = [
        f"∂{output.name}/∂{component.variable}"
        for output in study.outputs
        for result in output.methods
        if result.method == method
        for component in result.components
        if component.within is False
    ]
    shown = listed(wrong[:4]) if len(wrong) <= 4 else f"{', '.join(wrong[:3])} and {len(wrong) - 3} more"
    return f"{method} is off in {shown}"


def _rule(study: Study) -> str:
    """The rule with the tolerances of each method, those with the same ones together."""
    groups: dict[tuple[str, str], list[str]] = {}
    for method in study.outputs[0].methods:
        limits = _tolerances(study, method.method)
        if limits:
            groups.setdefault(limits, []).append(method.method)
    texts = []
    for (relative, absolute), members in groups.items():
        rest = len(groups) > 1 and len(members) > 1 and len(members) == max(map(len, groups.values()))
        of = "" if len(groups) == 1 else f" ({'others' if rest else ', '.join(members)})"
        texts.append(f"r = {relative}, a ≤ {absolute}{of}")
    return f"Rule: |method − judge| ≤ r·|judge| + a, or one unit in the last place; {'; '.join(texts)}."


def _tolerances(study: Study, method: str) -> tuple[str, str] | None:
    found = [
        component.tolerance
        for output in study.outputs
        for result in output.methods
        if result.method == method
        for component in result.components
        if component.tolerance
    ]
    if not found:
        return None
    return tolerance(max(t.relative for t in found)), tolerance(max(t.absolute for t in found))


def _notes(study: Study) -> Iterable[str]:
    """The notes of the study and of its methods, each once."""
    own = [f"{m.method}: {note}" for output in study.outputs for m in output.methods if _has_news(m) for note in m.notes]
    return dict.fromkeys([*study.notes, *own])


def _has_news(method: MethodResult) -> bool:
    return method.status != "gave up"
