"""Labels from the decision log: prompts that were stored, with the feedback on their answers."""

import sys
import time
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import msgspec
import numpy as np

from classifiers.adapting import FEWEST
from classifiers.results import Results
from router.cli.deciding import request_of
from router.core.feedback import Judged
from router.errors import InvalidRequest, StartupError
from router.settings import Settings
from router.signals.learned import texts_to_judge
from router.stores.sqlite_reader import DecisionReader

NAME = "decision log"
_STORE = (
    "start the gateway with `slm-router serve --store-content` to keep the prompts to learn from"
)


@dataclass(frozen=True, slots=True)
class Said:
    """One prompt, the model that answered and how good the answer was."""

    prompt: str
    model: str
    score: float


def labels_from_log(since: float | None, sources: Collection[str]) -> tuple[Results, str]:
    """The labels of the log of the last `since` seconds (None: all), and what to call them.

    Only feedback of these sources counts; none named means all. Tells on stderr what could not be
    learned from. Raises StartupError saying what to do where nothing could.
    """
    path = Settings().decision_log
    if not path.exists():
        raise StartupError(
            f"There is no decision log at {path}. Serve requests and send feedback on them"
            " (docs/feedback.md), or name a table of labels."
        )
    start = None if since is None else time.time() - since
    counts: Counter[str] = Counter()
    said = list(_said(DecisionReader(path).judged(start), sources, counts))
    _tell(counts)
    if not said:
        raise StartupError(_nothing(path, counts))
    return _table(_of_often_judged(said, path)), NAME


def _said(
    rows: Iterable[Judged], sources: Collection[str], counts: "Counter[str]"
) -> Iterator[Said]:
    for row in rows:
        scores = [one.score for one in row.feedback if not sources or one.source in sources]
        if not scores or row.model is None:
            continue
        counts["judged"] += 1
        counts["simulated"] += row.simulated
        prompt = None if row.prompt is None else _prompt(row.prompt)
        if prompt is None:
            counts["without a prompt"] += 1
        else:
            yield Said(prompt, row.model, sum(scores) / len(scores))


def _prompt(content: str) -> str | None:
    """What the gateway judged of a request that was stored; None where it cannot be read."""
    try:
        request = request_of(msgspec.json.decode(content), {})
    except (msgspec.DecodeError, InvalidRequest, TypeError):
        return None
    return texts_to_judge(request)[0] or None


def _tell(counts: "Counter[str]") -> None:
    if missing := counts["without a prompt"]:
        print(
            f"slm-router: {missing} of {counts['judged']} decisions with feedback hold no prompt"
            f" and cannot be learned from; {_STORE}",
            file=sys.stderr,
        )
    if counts["simulated"]:
        print(
            f"slm-router: {counts['simulated']} were answered by simulated models: what is learned"
            " of those says nothing of real ones",
            file=sys.stderr,
        )


def _nothing(path: Path, counts: "Counter[str]") -> str:
    if counts["judged"]:
        judged = f"{path} holds feedback on {counts['judged']} decisions"
        return f"{judged}, none with its prompt: {_STORE}."
    return (
        f"{path} holds no feedback that counts here. Send some: POST /v1/feedback"
        " (docs/feedback.md)."
    )


def _of_often_judged(said: list[Said], path: Path) -> list[Said]:
    """Leave out models with too few labels, and say so."""
    counts = Counter(one.model for one in said)
    kept = [one for one in said if counts[one.model] >= FEWEST]
    rare = ", ".join(f"{name} ({n})" for name, n in counts.items() if n < FEWEST)
    if not kept:
        raise StartupError(
            f"{path} holds too few labels of any model: {rare}; {FEWEST} of one are needed. Send"
            " more feedback (docs/feedback.md)."
        )
    if rare:
        print(f"slm-router: left out, under {FEWEST} labels: {rare}", file=sys.stderr)
    return kept


def _table(said: list[Said]) -> Results:
    """One row a prompt; of several scores of one model on one prompt the mean."""
    found: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    for one in said:
        found[one.prompt][one.model].append(one.score)
    models = tuple(sorted({one.model for one in said}))
    scores = np.array(
        [
            [float(np.mean(by[model])) if model in by else np.nan for model in models]
            for by in found.values()
        ]
    )
    n = len(found)
    return Results(
        NAME,
        tuple(found),
        ("",) * n,
        ("train",) * n,
        models,
        scores,
        np.full(scores.shape, np.nan),
        drawn=True,
    )
