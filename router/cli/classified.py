"""One line of `slm-router classify`: a prompt or a conversation, and all that is made of it.

Read is what the gateway reads: the last user turn, with its context where it needs one. Private
data is looked for in everything said.
"""

import sys
from collections.abc import Mapping, Sequence
from itertools import accumulate, pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np

from classifiers.names import known_name
from router.classifier import aliases_of
from router.cli.deciding import loaded_policies, request_of
from router.core.catalog import AUTO
from router.core.request import RoutedRequest, Turn
from router.errors import InvalidRequest, RouterError
from router.identifier import shipped_identifier
from router.lenient import decoded
from router.signals.language import languages_of
from router.signals.learned import texts_to_judge
from router.signals.private_data import find

if TYPE_CHECKING:
    from classifiers.judgement import Judgement
    from classifiers.prompt_classifier import PromptClassifier

Numbered = tuple[int, bytes]
Line = dict[str, Any]

_DIGITS = 6


class Judge:
    """Judges batches of lines. One that cannot be read becomes {"error": ...} in its place."""

    def __init__(
        self,
        classifier: "PromptClassifier",
        models: Mapping[str, str] | None = None,
        language: bool = True,
        pii: bool = True,
    ) -> None:
        """`models`: name in the output -> name that the classifier knows; None: no `quality`."""
        self._classifier = classifier
        self._models = models
        self._identifier = shipped_identifier() if language else None
        self._pii = pii

    def judge(self, lines: Sequence[Numbered]) -> list[Line]:
        """One object a line, in order."""
        read = [_read(line) for _, line in lines]
        requests = [one for one in read if isinstance(one, RoutedRequest)]
        found = self._judged(requests)
        if self._identifier is not None:
            for line, said in zip(found, languages_of(self._identifier, requests), strict=True):
                line.update(said)
        if self._pii:
            for line, request in zip(found, requests, strict=True):
                line["pii"] = _private_data(request)
        following = iter(found)
        return [{"error": one} if isinstance(one, str) else next(following) for one in read]

    def _judged(self, requests: Sequence[RoutedRequest]) -> list[Line]:
        texts = [texts_to_judge(request) for request in requests]
        asked = tuple((self._models or {}).values())
        judged, chances = self._classifier.judge_with_quality(
            [text for some in texts for text in some], asked
        )
        starts = list(accumulate(map(len, texts), initial=0))
        found = [_line(judged[start:end]) for start, end in pairwise(starts)]
        for name in ("domain_scores", "task_scores"):
            _rounded(name, found, [list(line[name].values()) for line in found])
        if self._models is not None:
            for line in found:
                line["quality"] = self._models
            # The first text is the focus, which is what a model would answer.
            _rounded("quality", found, chances[starts[:-1]])
        return found


def _line(judgements: Sequence["Judgement"]) -> Line:
    """As in the gateway: of a follow-up and what it goes back to, the harder and the surer."""
    hardest = on_domain = on_task = judgements[0]
    for one in judgements[1:]:
        hardest = max(hardest, one, key=lambda each: each.complexity)
        on_domain = max(on_domain, one, key=lambda each: each.domain_confidence)
        on_task = max(on_task, one, key=lambda each: each.task_confidence)
    return {
        "complexity": round(hardest.complexity, _DIGITS),
        "complexity_confidence": round(hardest.complexity_confidence, _DIGITS),
        "difficulty": round(hardest.difficulty, _DIGITS),
        "domain": on_domain.domain,
        "domain_confidence": round(on_domain.domain_confidence, _DIGITS),
        "domain_scores": on_domain.domain_scores,
        "task": on_task.task,
        "task_confidence": round(on_task.task_confidence, _DIGITS),
        "task_scores": on_task.task_scores,
        "abstain": any(one.abstain for one in judgements),
    }


def _rounded(name: str, lines: Sequence[Line], rows: Any) -> None:
    """Put numbers [lines, k], rounded, under the k names that each line holds there already.

    All lines at once: numpy rounds a batch in the time that Python takes for a line.
    """
    rounded = np.round(np.asarray(rows, dtype=np.float64), _DIGITS).tolist()
    for line, row in zip(lines, rounded, strict=True):
        line[name] = dict(zip(line[name], row, strict=True))


_LINES = msgspec.json.Decoder(float_hook=float)


def _read(line: bytes) -> RoutedRequest | str:
    """The request of a line, or what is wrong with it."""
    try:
        body = decoded(_LINES, line)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        return f"not JSON: {error}"
    if not isinstance(body, dict) or ("prompt" in body) == ("messages" in body):
        return 'expected an object with either "prompt" or "messages"'
    if "prompt" in body:
        prompt = body["prompt"]
        if not isinstance(prompt, str):
            return '"prompt" must be a text'
        return RoutedRequest(AUTO, (Turn("user", prompt),))
    try:
        return request_of({"model": AUTO, "messages": body["messages"]}, {})
    except InvalidRequest as error:
        return f"{error.param or 'messages'}: {error}"


def _private_data(request: RoutedRequest) -> list[dict[str, str | int]] | None:
    """Type and span of each piece; in a conversation also which message it stands in.

    None where it could not be told, as of a text too long to be looked through.
    """
    several = len(request.turns) > 1
    try:
        return [
            {
                "type": span.type,
                "start": span.start,
                "end": span.end,
                **({"message": place} if several else {}),
            }
            for place, turn in enumerate(request.turns)
            for span in find(turn.text)
        ]
    except RouterError:
        return None


def known_models(
    classifier: "PromptClassifier", names: Sequence[str], policy: Path | None
) -> dict[str, str]:
    """Name asked for -> name that the classifier knows it by. Tells on stderr of all others."""
    asked: dict[str, tuple[str, ...]] = {name: (name,) for name in names}
    for loaded in loaded_policies(policy).values() if policy is not None else ():
        for name, card in loaded.catalog.conversing.items():
            asked[name] = (name, *aliases_of(card))
    known = frozenset(classifier.models)
    found: dict[str, str] = {}
    for name, aliases in asked.items():
        match = known_name(known, aliases)
        if match is None:
            print(f"slm-router: the classifier knows nothing of model {name}", file=sys.stderr)
        else:
            found[name] = match
    return found
