"""Which rules can never decide: they contradict themselves, or earlier rules always hold first.

Every signal is cut into finitely many cases: the constants that the policy compares it with, one
sample between each two of them, and "not known". Over these, a condition is a union of boxes (one
set of cases per signal), and a rule is unreachable if the boxes of the rules before it cover its
own. Samples are judged by the core's `holds`, so this agrees with what `decide` does.

Exact but for conditions of a size nobody writes: those count as reachable.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from router.core.conditions import holds
from router.core.policy import Comparison, Condition, comparisons
from router.core.signals import SignalSpec, SignalValue, Vocabulary

MOST_BOXES = 1_000
_OTHER_TEXT = "\0any other text"

Box = Mapping[str, int]
"""Signal -> bit mask of the cases allowed; a signal left out may be anything, also not known."""


@dataclass(frozen=True, slots=True)
class Blocked:
    """A rule that never decides; `by` holds the earlier rules' places, none if it never holds."""

    place: int
    by: tuple[int, ...]


class _TooManyBoxes(Exception):
    """The condition is too large to say."""


def blocked(
    conditions: Sequence[Condition | Comparison | None], vocabulary: Vocabulary
) -> Iterator[Blocked]:
    """The rules that never decide, in order. None stands for a condition that is not known."""
    cases = _Cases([when for when in conditions if when is not None], vocabulary)
    earlier: dict[int, list[Box]] = {}
    for place, when in enumerate(conditions):
        if when is None:
            continue
        try:
            own = cases.boxes(when)
            by = _covering(own, earlier, cases)
        except _TooManyBoxes:
            continue
        if by is not None:
            yield Blocked(place, by)
        earlier[place] = own


def _covering(
    own: Sequence[Box], earlier: Mapping[int, Sequence[Box]], cases: "_Cases"
) -> tuple[int, ...] | None:
    """The earlier rules that leave nothing of `own`: one if one does, else all it takes."""
    if not own:
        return ()
    for place, boxes in earlier.items():
        if not cases.without(own, boxes):
            return (place,)
    needed = dict(earlier)
    if cases.without(own, _all(needed)):
        return None
    for place in earlier:
        fewer = {other: boxes for other, boxes in needed.items() if other != place}
        if not cases.without(own, _all(fewer)):
            needed = fewer
    return tuple(needed)


def _all(rules: Mapping[int, Sequence[Box]]) -> list[Box]:
    return [box for boxes in rules.values() for box in boxes]


class _Cases:
    """The cases of every signal, and conditions in terms of them."""

    def __init__(
        self, conditions: Iterable[Condition | Comparison], vocabulary: Vocabulary
    ) -> None:
        constants: dict[str, set[SignalValue]] = {}
        for comparison in (c for when in conditions for c in comparisons(when)):
            constants.setdefault(comparison.signal, set()).update(_constants(comparison))
        self._samples = {
            signal: _samples(vocabulary[signal], values) for signal, values in constants.items()
        }

    def boxes(self, when: Condition | Comparison, negated: bool = False) -> list[Box]:
        """Boxes that together hold exactly the cases for which `when` is true (or false)."""
        if isinstance(when, Comparison):
            mask = self._mask(when, negated)
            return [{when.signal: mask}] if mask else []
        groups = (
            (when.all_, True, negated),
            (when.any_, False, negated),
            (when.none_, True, not negated),
        )
        made = [
            self._joined([self.boxes(part, inverted) for part in parts], every != negated)
            for parts, every, inverted in groups
            if parts is not None
        ]
        return self._joined(made, not negated)

    def without(self, boxes: Sequence[Box], others: Sequence[Box]) -> list[Box]:
        """What is left of `boxes` outside all `others`. Raises _TooManyBoxes."""
        left = list(boxes)
        for other in others:
            left = [piece for box in left for piece in self._outside(box, other)]
            if len(left) > MOST_BOXES:
                raise _TooManyBoxes
        return left

    def _outside(self, box: Box, other: Box) -> list[Box]:
        if any(self._allowed(box, signal) & mask == 0 for signal, mask in other.items()):
            return [box]
        pieces: list[Box] = []
        inside = dict(box)
        for signal, mask in other.items():
            allowed = self._allowed(inside, signal)
            if allowed & ~mask:
                pieces.append({**inside, signal: allowed & ~mask})
            inside[signal] = allowed & mask
        return pieces

    def _joined(self, parts: Sequence[list[Box]], every: bool) -> list[Box]:
        """Boxes for all of the parts together, or for any of them."""
        if not every:
            joined = [box for boxes in parts for box in boxes]
        else:
            joined = [{}]
            for boxes in parts:
                joined = [both for a in joined for b in boxes if (both := self._both(a, b))]
                if len(joined) > MOST_BOXES:
                    raise _TooManyBoxes
        if len(joined) > MOST_BOXES:
            raise _TooManyBoxes
        return joined

    def _both(self, a: Box, b: Box) -> Box | None:
        both = {
            signal: self._allowed(a, signal) & self._allowed(b, signal) for signal in {**a, **b}
        }
        return both if all(both.values()) else None

    def _allowed(self, box: Box, signal: str) -> int:
        # One bit more than there are samples: the signal is not known.
        return box.get(signal, (1 << (len(self._samples[signal]) + 1)) - 1)

    def _mask(self, comparison: Comparison, negated: bool) -> int:
        samples = self._samples[comparison.signal]
        return sum(
            1 << place
            for place, sample in enumerate(samples)
            if holds(comparison, {comparison.signal: sample}) is not negated
        )


def _constants(comparison: Comparison) -> tuple[SignalValue, ...]:
    operand = comparison.operand
    return operand if isinstance(operand, tuple) else (operand,)


def _samples(spec: SignalSpec, constants: Iterable[SignalValue]) -> tuple[SignalValue, ...]:
    if spec.type == "flag":
        return (True, False)
    if spec.type == "text":
        return spec.values or (*sorted(map(str, constants)), _OTHER_TEXT)
    marks = sorted({float(c) for c in (*constants, spec.low, spec.high) if c is not None})
    between = [(a + b) / 2 for a, b in pairwise(marks)]
    outside = (marks[0] - 1, marks[-1] + 1)
    low = float("-inf") if spec.low is None else spec.low
    high = float("inf") if spec.high is None else spec.high
    return tuple(x for x in (*marks, *between, *outside) if low <= x <= high)
