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
from math import inf
from typing import Self

import numpy as np
from msgspec import Struct

from classifiers.ability import Ability, anchored, chance, log_odds
from classifiers.base import FloatArray
from classifiers.gap import Everyday, Gap, left_of, shift_of, short_of
from classifiers.judgement import Judgement
from classifiers.latents import Blend, doubled
from classifiers.names import known_name
from classifiers.prompt_classifier import PromptClassifier

_SURE = 0.001  # a prior of 0 or 1 would leave nothing to foresee
_OFFSET_SHARE = 0.5  # of a label's own prior: the prompt itself has told the other half
LABELS, PRIOR = "your labels", "prior"
Offsets = Mapping[tuple[str, str], tuple[float, ...]]


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


class Foreseen(Struct, frozen=True):
    """What is foreseen of one prompt: the chance [m] of a good answer, and that the small model
    falls short where the large one does not; None without a gap of their own."""

    quality: list[float]
    gap: float | None


@dataclass(frozen=True, slots=True)
class Roster:
    """The m models of a catalog, u of them known by their prior alone.

    Attributes:
        sources: where each model's chances come from: `your labels`, `measured as X` or `prior`.
        levels, loadings: [a] and [k, a] `doubled`, the abilities: of the m models and, where there
            is a gap, of its small and its large one.
        best: the column of the highest prior.
        unmeasured: [u] columns; `shifts` [u] are the log-odds that lead from the gap head's
            complexity to the gap between such a model and the best one.
        offsets: (domain, task) -> [u] log-odds, where a model has a prior of its own for either;
            `no_offsets` [u] for all else.
        gap: between the small and the large model; None where either is not known, and the gap
            head's complexity stays.
    """

    names: tuple[str, ...]
    sources: tuple[str, ...]
    levels: tuple[float, ...]
    loadings: FloatArray
    best: int
    unmeasured: tuple[int, ...]
    shifts: tuple[float, ...]
    offsets: Offsets
    no_offsets: tuple[float, ...]
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
        gap = _gap(classifier, dict(zip(names, known, strict=True)), pair, everyday)
        held = found if gap is None else [*found, gap.small, gap.large]
        alone = [m for m, name in zip(members, known, strict=True) if name is None]
        above = found[best].quality(everyday.latents)
        shifts = [
            -inf if m is members[best] else shift_of(_prior(m), above, everyday.complexities)
            for m in alone
        ]
        return cls(
            names=names,
            sources=tuple(_source(classifier, name) for name in known),
            levels=tuple(one.level for one in held),
            loadings=doubled(np.stack([one.loadings for one in held], axis=1)),
            best=best,
            unmeasured=tuple(column for column, name in enumerate(known) if name is None),
            shifts=tuple(shifts),
            offsets=_offsets(alone, classifier),
            no_offsets=(0.0,) * len(alone),
            gap=gap,
        )

    def foreseen(self, judged: Sequence[Judgement], blend: Blend) -> list[Foreseen]:
        """Return what is foreseen of n judged prompts with these latents."""
        held = blend.against(self.loadings)
        return [self._of_one(*each) for each in zip(judged, held, strict=True)]

    def _of_one(self, one: Judgement, held: list[float]) -> Foreseen:
        chances = [chance(level + each) for level, each in zip(self.levels, held, strict=True)]
        gap = None
        if self.gap is not None:
            large, small = chances.pop(), chances.pop()
            gap = short_of(small, large)
        best, odds = chances[self.best], log_odds(one.complexity)
        offsets = self.offsets.get((one.domain, one.task), self.no_offsets)
        for column, shift, offset in zip(self.unmeasured, self.shifts, offsets, strict=True):
            left = left_of(best, chance(odds + shift))
            chances[column] = chance((log_odds(chances[column]) + log_odds(left)) / 2 + offset)
        return Foreseen(chances, gap)


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
        (domain, task): tuple(
            _offset(m, dict(m.domains).get(domain), dict(m.tasks).get(task)) for m in members
        )
        for domain, task in product(classifier.domains, classifier.tasks)
    }


def _offset(member: Member, *own: float | None) -> float:
    given = [log_odds(prior) for prior in own if prior is not None]
    if not given:
        return 0.0
    return _OFFSET_SHARE * (sum(given) / len(given) - log_odds(member.prior))
