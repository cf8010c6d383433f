"""How probable a good answer is, for one model and one request.

What the classifier foresees of this very model, the signal `quality.<model>`, counts as it is.
Where there is none, a Rasch model (Rasch 1960, Probabilistic Models for Some Intelligence and
Attainment Tests): the log-odds of a good answer are the model's ability less the request's
difficulty. The ability is the log-odds of the card's prior quality, which is given for an average
request; the difficulty is the `difficulty` signal, in logits, 0 for an average request.
"""

from collections.abc import Iterable
from math import exp, log

from router.core.catalog import ModelCard
from router.core.signals import QUALITY, Signals, SignalSpec, Vocabulary

_EDGE = 1e-4


def quality_vocabulary(models: Iterable[str]) -> Vocabulary:
    """The signals of a catalog's models: `quality.<model>` for each."""
    meaning = "predicted probability of a good answer"
    return {
        f"{QUALITY}{model}": SignalSpec("number", meaning, low=0, high=1, learned=True)
        for model in models
    }


def predicted_quality(name: str, card: ModelCard, signals: Signals) -> float:
    """Predicted probability of a good answer, in [0, 1].

    Unless it is foreseen, the prior is the card's for the request's domain and task where it has
    them (averaged in log-odds when it has both), else its overall one. Without a `difficulty` the
    prior stands.
    """
    foreseen = signals.get(QUALITY + name)
    if foreseen is not None:
        return min(max(float(foreseen), 0.0), 1.0)
    quality = card.quality
    domain, task = signals.get("domain"), signals.get("task")
    priors = []
    if isinstance(domain, str) and domain in quality.domains:
        priors.append(quality.domains[domain])
    if isinstance(task, str) and task in quality.tasks:
        priors.append(quality.tasks[task])
    ability = sum(map(_logit, priors)) / len(priors) if priors else _logit(quality.overall)
    difficulty = signals.get("difficulty")
    return _expit(ability if difficulty is None else ability - float(difficulty))


def is_specialist(card: ModelCard, signals: Signals) -> bool:
    """Whether the card claims the request's domain or task among its specialities."""
    special = card.specialises_in
    return signals.get("domain") in special.domains or signals.get("task") in special.tasks


def _logit(p: float) -> float:
    p = min(max(p, _EDGE), 1 - _EDGE)
    return log(p / (1 - p))


def _expit(x: float) -> float:
    if x >= 0:
        return 1 / (1 + exp(-x))
    return exp(x) / (1 + exp(x))
