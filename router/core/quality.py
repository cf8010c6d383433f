"""How probable a good answer is, for one model and one request.

What the classifier foresees of this very model, the signal `quality.<model>`, counts as it is.
Where there is none, a Rasch model (Rasch 1960, Probabilistic Models for Some Intelligence and
Attainment Tests): the log-odds of a good answer are the model's ability less the request's
difficulty. The ability is the log-odds of the card's prior quality, which is given for an average
request; the difficulty is the `difficulty` signal, in logits, 0 for an average request.
"""

from collections.abc import Iterable, Mapping
from math import exp, log

from router.core.catalog import ModelCard
from router.core.signals import QUALITY, Signals, SignalSpec, Vocabulary

_EDGE = 1e-4

_Logits = Mapping[object, float]


def quality_vocabulary(models: Iterable[str]) -> Vocabulary:
    """The signals of a catalog's models: `quality.<model>` for each."""
    meaning = "predicted probability of a good answer"
    return {
        f"{QUALITY}{model}": SignalSpec("number", meaning, low=0, high=1, learned=True)
        for model in models
    }


class Prior:
    """One model's card as far as quality goes, with all worked out that no request changes."""

    __slots__ = (
        "_domains",
        "_foreseen",
        "_overall",
        "_special_domains",
        "_special_tasks",
        "_tasks",
    )

    def __init__(self, name: str, card: ModelCard) -> None:
        quality, special = card.quality, card.specialises_in
        self._foreseen = QUALITY + name
        self._overall = _logit(quality.overall)
        self._domains: _Logits = {subject: _logit(p) for subject, p in quality.domains.items()}
        self._tasks: _Logits = {task: _logit(p) for task, p in quality.tasks.items()}
        self._special_domains, self._special_tasks = special.domains, special.tasks

    def quality(self, signals: Signals) -> float:
        """Predicted probability of a good answer, in [0, 1].

        Unless it is foreseen, the prior is the card's for the request's domain and task where it
        has them (averaged in log-odds when it has both), else its overall one. Without a
        `difficulty` the prior stands.
        """
        foreseen = signals.get(self._foreseen)
        if foreseen is not None:
            value = float(foreseen)
            return 0.0 if value < 0 else 1.0 if value > 1 else value
        ability = self._ability(signals) if self._domains or self._tasks else self._overall
        difficulty = signals.get("difficulty")
        return _expit(ability if difficulty is None else ability - float(difficulty))

    def _ability(self, signals: Signals) -> float:
        in_domain = self._domains.get(signals.get("domain"))
        at_task = self._tasks.get(signals.get("task"))
        if in_domain is None:
            return self._overall if at_task is None else at_task
        return in_domain if at_task is None else (in_domain + at_task) / 2

    def is_specialist(self, signals: Signals) -> bool:
        """Whether the card claims the request's domain or task among its specialities."""
        return (
            signals.get("domain") in self._special_domains
            or signals.get("task") in self._special_tasks
        )


def _logit(p: float) -> float:
    p = min(max(p, _EDGE), 1 - _EDGE)
    return log(p / (1 - p))


def _expit(x: float) -> float:
    if x >= 0:
        return 1 / (1 + exp(-x))
    return exp(x) / (1 + exp(x))
