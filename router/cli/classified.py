"""One line of `slm-router classify`: a prompt or a conversation, and all that is made of it.

Read is what the gateway reads: the last user turn, with its context where it needs one. Private
data is looked for in everything said.
"""

import asyncio
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from classifiers.names import known_name
from router.classifier import aliases_of
from router.cli.deciding import loaded_policies, request_of
from router.core.catalog import AUTO
from router.core.request import RoutedRequest, Turn
from router.errors import InvalidRequest, RouterError
from router.signals.language import LanguageOptions, LanguageSignal
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
        self._language = LanguageSignal(LanguageOptions()) if language else None
        self._pii = pii

    def judge(self, lines: Sequence[Numbered]) -> list[Line]:
        """One object a line, in order."""
        read = [_read(line) for _, line in lines]
        requests = [one for one in read if isinstance(one, RoutedRequest)]
        found = self._judged(requests)
        if self._language is not None:
            for line, said in zip(found, asyncio.run(self._languages(requests)), strict=True):
                line.update(said)
        if self._pii:
            for line, request in zip(found, requests, strict=True):
                line["pii"] = _private_data(request)
        following = iter(found)
        return [{"error": one} if isinstance(one, str) else next(following) for one in read]

    def _judged(self, requests: Sequence[RoutedRequest]) -> list[Line]:
        texts = [texts_to_judge(request) for request in requests]
        flat = [text for some in texts for text in some]
        asked = tuple((self._models or {}).values())
        judged, chances = self._classifier.judge_with_quality(flat, asked)
        pairs = iter(zip(judged, chances.tolist(), strict=True))
        found = []
        for some in texts:
            judgements, rows = zip(*(next(pairs) for _ in some), strict=True)
            line = _line(judgements)
            if self._models is not None:
                # The first text is the focus, which is what a model would answer.
                line["quality"] = _rounded(dict(zip(self._models, rows[0], strict=True)))
            found.append(line)
        return found

    async def _languages(self, requests: Sequence[RoutedRequest]) -> list[Mapping[str, Any]]:
        assert self._language is not None
        return [await self._language.extract(request) for request in requests]


def _line(judgements: Sequence["Judgement"]) -> Line:
    """As in the gateway: of a follow-up and what it goes back to, the harder and the surer."""
    hardest = max(judgements, key=lambda one: one.complexity)
    on_domain = max(judgements, key=lambda one: one.domain_confidence)
    on_task = max(judgements, key=lambda one: one.task_confidence)
    return {
        "complexity": round(hardest.complexity, _DIGITS),
        "complexity_confidence": round(hardest.complexity_confidence, _DIGITS),
        "difficulty": round(hardest.difficulty, _DIGITS),
        "domain": on_domain.domain,
        "domain_confidence": round(on_domain.domain_confidence, _DIGITS),
        "domain_scores": _rounded(on_domain.domain_scores),
        "task": on_task.task,
        "task_confidence": round(on_task.task_confidence, _DIGITS),
        "task_scores": _rounded(on_task.task_scores),
        "abstain": any(one.abstain for one in judgements),
    }


def _rounded(scores: Mapping[str, float]) -> dict[str, float]:
    return {name: round(score, _DIGITS) for name, score in scores.items()}


def _read(line: bytes) -> RoutedRequest | str:
    """The request of a line, or what is wrong with it."""
    try:
        body = msgspec.json.decode(line)
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
        for name, card in loaded.catalog.models.items():
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
