"""Roster: the models of one catalog, and how a classifier foresees each of them.

Put together once, when a policy comes into force; a request then costs one matrix product for all
models. What is known of a model decides how its chance of a good answer is foreseen:

- learned from the user's own labels: as it is;
- measured in the score tables: its level from the catalog's prior, what it is good at as measured;
- neither: the average model of that prior, halfway in log-odds to what the gap head leaves it
  beneath the best model, for between models nobody has measured that head ranks prompts better.

Figures: docs/decisions/0014-what-is-known-of-a-model-says-how-it-is-foreseen.md.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Self

import numpy as np
from numpy.typing import NDArray

from classifiers.ability import Ability, anchored, expit, logit
from classifiers.base import FloatArray
from classifiers.gap import Everyday, Gap, beneath, shift_of
from classifiers.judgement import Judgement
from classifiers.names import known_name
from classifiers.prompt_classifier import PromptClassifier

_SURE = 0.001  # a prior of 0 or 1 would leave nothing to foresee
_OFFSET_SHARE = 0.5  # of a label's own prior: the prompt itself has told the other half
LABELS, PRIOR = "your labels", "prior"
Offsets = Mapping[tuple[str, str], FloatArray]


@dataclass(frozen=True, slots=True)
class Member:
    """A model of a catalog.

    Attributes:
        prior: chance of a good answer to an average request, in [0, 1].
        aliases: what the classifier may know it by beside its name, likeliest first.
        domains, tasks: (label, prior) where that differs.
    """

    name: str
    prior: float
    aliases: tuple[str, ...] = ()
    domains: tuple[tuple[str, float], ...] = ()
    tasks: tuple[tuple[str, float], ...] = ()


@dataclass(frozen=True, slots=True)
class Roster:
    """The m models of a catalog, u of them known by their prior alone.

    Attributes:
        sources: where each model's chances come from: `your labels`, `measured as X` or `prior`.
        levels, loadings: [m] and [m, k], the abilities.
        best: the column of the highest prior.
        unmeasured: [u] columns; `shifts` [u] are the log-odds that lead from the gap head's
            complexity to the gap between such a model and the best one.
        offsets: (domain, task) -> [u] log-odds, where a model has a prior of its own for either.
        gap: between the small and the large model; None where either is not known, and the gap
            head's complexity stays.
    """

    names: tuple[str, ...]
    sources: tuple[str, ...]
    levels: FloatArray
    loadings: FloatArray
    best: int
    unmeasured: NDArray[np.int64]
    shifts: FloatArray
    offsets: Offsets
    gap: Gap | None

    @classmethod
    def of(
        cls,
        classifier: PromptClassifier,
        members: Sequence[Member],
        pair: tuple[str, str] | None,
        everyday: Everyday,
    ) -> Self:
        """Look up m >= 1 members; `pair` names the small and the large model, if there are two.

        Raises ValueError for a classifier without a response model.
        """
        names = tuple(m.name for m in members)
        known = [known_name(classifier.models, (m.name, *m.aliases)) for m in members]
        found = [_ability(classifier, *each, everyday) for each in zip(members, known, strict=True)]
        best = max(range(len(members)), key=lambda place: members[place].prior)
        unmeasured = np.flatnonzero([name is None for name in known])
        alone = [m for m, name in zip(members, known, strict=True) if name is None]
        above = found[best].quality(everyday.latents)
        shifts = [
            -np.inf if m is members[best] else shift_of(_prior(m), above, everyday.complexities)
            for m in alone
        ]
        return cls(
            names=names,
            sources=tuple(_source(classifier, name) for name in known),
            levels=np.array([one.level for one in found], dtype=np.float32),
            loadings=np.stack([one.loadings for one in found]),
            best=best,
            unmeasured=unmeasured,
            shifts=np.array(shifts, dtype=np.float32),
            offsets=_offsets(alone, classifier),
            gap=_gap(classifier, dict(zip(names, known, strict=True)), pair, everyday),
        )

    def quality(self, judged: Sequence[Judgement], latents: FloatArray) -> FloatArray:
        """Return the chance [n, m] of a good answer to n judged prompts with latents [n, k]."""
        chances = expit(self.levels + latents @ self.loadings.T)
        if len(self.unmeasured):
            chances[:, self.unmeasured] = self._foreseen(judged, chances)
        return chances

    def _foreseen(self, judged: Sequence[Judgement], chances: FloatArray) -> FloatArray:
        """Return the chances [n, u] of the models known by their prior alone."""
        complexities = logit(np.array([[one.complexity] for one in judged], dtype=np.float32))
        gaps = expit(complexities + self.shifts)
        left = beneath(chances[:, [self.best]], gaps)
        odds = (logit(chances[:, self.unmeasured]) + logit(left)) / 2
        if self.offsets:
            none = np.zeros(len(self.unmeasured), dtype=np.float32)
            odds = odds + [self.offsets.get((one.domain, one.task), none) for one in judged]
        return expit(odds)


def _prior(member: Member) -> float:
    return min(max(member.prior, _SURE), 1 - _SURE)


def _ability(
    classifier: PromptClassifier, member: Member, name: str | None, everyday: Everyday
) -> Ability:
    abilities = classifier.abilities
    if name is None:
        return abilities.population.from_prior(_prior(member), everyday.latents)
    if name in classifier.adapted:
        return abilities.of(name)
    return anchored(abilities.of(name).loadings, _prior(member), everyday.latents)


def _source(classifier: PromptClassifier, name: str | None) -> str:
    if name is None:
        return PRIOR
    return LABELS if name in classifier.adapted else f"measured as {name}"


def _gap(
    classifier: PromptClassifier,
    known: Mapping[str, str | None],
    pair: tuple[str, str] | None,
    everyday: Everyday,
) -> Gap | None:
    """Between two known models the levels are as measured too: no guess of theirs is needed."""
    small, large = (known[name] for name in pair) if pair else (None, None)
    if small is None or large is None or small == large:
        return None
    abilities = classifier.abilities
    return Gap.between(abilities.of(small), abilities.of(large), everyday)


def _offsets(members: Sequence[Member], classifier: PromptClassifier) -> Offsets:
    """Half of what the cards' own priors for a domain and a task, averaged, differ by."""
    if not any(m.domains or m.tasks for m in members):
        return {}
    return {
        (domain, task): np.array(
            [_offset(m, dict(m.domains).get(domain), dict(m.tasks).get(task)) for m in members],
            dtype=np.float32,
        )
        for domain, task in product(classifier.domains, classifier.tasks)
    }


def _offset(member: Member, *own: float | None) -> float:
    given = [float(logit(prior)) for prior in own if prior is not None]
    if not given:
        return 0.0
    return _OFFSET_SHARE * (sum(given) / len(given) - float(logit(member.prior)))
