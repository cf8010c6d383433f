"""Fits the low-rank model: which n-grams count, a start from their log-odds, then Adam.

Needs scipy (extra `train`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from classifiers.base import IntArray, softmax
from classifiers.errors import MissingExtraError
from classifiers.language.characters import letter_table
from classifiers.language.corpus import Corpus
from classifiers.language.grams import SLOTS, slots_of
from classifiers.language.identifier import RULED_OUT, LowRank
from classifiers.language.lingua_tables import Level, bordered

Floats = NDArray[np.float32]

_RARE = 1e-6
"""Added to a rate per letter before its logarithm: one in a million letters tells little."""

_FIRST_DECAY, _SECOND_DECAY, _TINY = 0.9, 0.99, 1e-8
_LAYER_RATE = 0.3  # of the vectors' learning rate: each weight of the layer sees every example
_LEVELS = 7
"""Of a column of vectors, to each side of 0; as good on val as 63, and half the size."""


@dataclass(frozen=True, slots=True)
class Plan:
    """How to fit: n-grams kept, dimensions, steps, examples a step, learning rate, share dropped.

    `drop`: n-grams left out of an example at random, so that no single one decides.
    """

    kept: int = 100_000
    dimensions: int = 32
    steps: int = 2_000
    examples: int = 2_048
    rate: float = 0.01
    drop: float = 0.1


@dataclass(frozen=True, slots=True)
class Rates:
    """How often n-grams come per letter of a language: slots [k] and rates [k, languages]."""

    slots: IntArray
    rates: Floats


def slot_rates(found: Sequence[Level]) -> Floats:
    """Return how often each slot comes per letter of a language; [SLOTS]."""
    rates = np.zeros(SLOTS)
    for level in found:
        for letters, counts in bordered(level):
            slots, counted = slots_of(letter_table()[letters])
            rates += np.bincount(slots[counted], counts[counted], SLOTS)
    result: Floats = (rates / found[0].inside.sum()).astype(np.float32)
    return result


def most_telling(rates: Floats, rivals: NDArray[np.bool_], kept: int) -> Rates:
    """Return the slots that tell most of the language, rising.

    By their part of the mutual information between an n-gram and the languages that it can be of:
    the rivals of the one in which it is commonest, all equally likely. `rates`: [SLOTS, l];
    `rivals`: [l, l] whether two languages share a script.
    """
    means = np.zeros(len(rates), dtype=np.float32)
    commonest = rates.argmax(axis=1)
    for language, others in enumerate(rivals):
        slots = np.flatnonzero(commonest == language)
        means[slots] = rates[slots][:, others].mean(axis=1)
    told = np.zeros(len(rates))
    for column in rates.T:
        told += column * np.log(np.maximum(column, 1e-12) / (means + 1e-12))
    chosen = np.sort(np.argsort(-told, kind="stable")[:kept])
    return Rates(chosen, rates[chosen])


class Fitter:
    """Holds the parameters while they are learned."""

    def __init__(self, known: Rates, rivals: NDArray[np.bool_], plan: Plan) -> None:
        self._known, self._plan = known, plan
        self._ruled_out = np.where(rivals, 0, RULED_OUT).astype(np.float32)
        vectors, weights = _from_log_odds(known.rates, rivals, plan.dimensions)
        languages = weights.shape[1]
        self._parameters = [
            vectors,
            weights,
            np.zeros(languages, dtype=np.float32),
            np.array([1.0, -0.5], dtype=np.float32),
        ]
        self._firsts = [np.zeros_like(each) for each in self._parameters]
        self._seconds = [np.zeros_like(each) for each in self._parameters]

    def fit(self, corpus: Corpus, rng: np.random.Generator) -> Iterator[float]:
        """Yield the loss of each step (mean negative log-likelihood, in nats)."""
        plan, languages = self._plan, len(self._parameters[2])
        for step in range(plan.steps):
            rows, counts, truth = corpus.batch(plan.examples, languages, rng)
            loss, gradients = self._gradients(_dropped(rows, counts, plan.drop, rng), truth)
            self._adam(gradients, step, plan.rate * (1 - step / plan.steps))
            yield loss

    def _gradients(
        self, example: tuple[NDArray[np.int32], IntArray], truth: IntArray
    ) -> tuple[float, list[Floats]]:
        rows, counts = example
        vectors, weights, bias, sharpness = self._parameters
        bags = _bag_matrix(rows, counts, len(vectors))
        sums = bags @ vectors
        logs = np.log(np.maximum(counts, 1)).astype(np.float32)
        sharp = np.exp(sharpness[0] + sharpness[1] * logs)[:, None]
        plain = sums @ weights
        error = softmax(plain * sharp + bias - self._ruled_out[truth])
        told = error[np.arange(len(truth)), truth]
        error[np.arange(len(truth)), truth] -= 1
        error /= len(truth)
        by_size = (error * plain * sharp).sum(axis=1)
        scaled = error * sharp
        gradients = [
            bags.T @ (scaled @ weights.T),
            sums.T @ scaled,
            error.sum(axis=0),
            np.array([by_size.sum(), (by_size * logs).sum()], dtype=np.float32),
        ]
        return float(-np.log(told + 1e-9).mean()), gradients

    def _adam(self, gradients: Sequence[Floats], step: int, rate: float) -> None:
        """One step of Adam (arXiv 1412.6980)."""
        ages = 1 - _FIRST_DECAY ** (step + 1), 1 - _SECOND_DECAY ** (step + 1)
        kept = zip(self._parameters, gradients, self._firsts, self._seconds, strict=True)
        for place, (parameter, gradient, first, second) in enumerate(kept):
            first += (1 - _FIRST_DECAY) * (gradient - first)
            second += (1 - _SECOND_DECAY) * (gradient * gradient - second)
            speed = rate * (_LAYER_RATE if place else 1.0)
            parameter -= speed * (first / ages[0]) / (np.sqrt(second / ages[1]) + _TINY)

    def model(self, places: IntArray, written: NDArray[np.bool_]) -> LowRank:
        """Return the model as it stands, its vectors rounded to 15 levels a column.

        `places`: where the languages learned stand among all, the columns of `written`.
        """
        vectors, weights, bias, sharpness = self._parameters
        # The far tail is cut: a step fine enough for the many matters more than the few.
        scale = (np.quantile(np.abs(vectors), 0.9995, axis=0) / _LEVELS).astype(np.float32)
        rounded = np.clip(np.rint(vectors / scale), -_LEVELS, _LEVELS).astype(np.int8)
        all_weights = np.zeros((len(weights), written.shape[1]), dtype=np.float32)
        all_bias = np.zeros(written.shape[1], dtype=np.float32)
        all_weights[:, places], all_bias[places] = weights, bias
        return LowRank(
            self._known.slots, rounded, scale, all_weights, all_bias, sharpness.copy(), written
        )


def _from_log_odds(
    rates: Floats, rivals: NDArray[np.bool_], dimensions: int
) -> tuple[Floats, Floats]:
    """Return vectors [k, d] and weights [d, l] whose product is the log-odds of each n-gram among
    rivals, as near as d dimensions come, the frequent ones nearest (naive Bayes, factorised)."""
    among = rivals[rates.argmax(axis=1)]
    odds = np.where(among, np.log(rates + _RARE), 0)
    odds -= among * odds.sum(axis=1, keepdims=True) / among.sum(axis=1, keepdims=True)
    weighted = odds * np.sqrt(rates.mean(axis=1, keepdims=True))
    _, axes = np.linalg.eigh(weighted.T @ weighted)
    leading = axes[:, ::-1][:, :dimensions]
    vectors = odds @ leading
    size = vectors.std()
    # A gentle start: naive Bayes is far too sure of itself.
    return (vectors / size).astype(np.float32), (leading.T * size * 0.3).astype(np.float32)


def _dropped(
    rows: NDArray[np.int32], counts: IntArray, share: float, rng: np.random.Generator
) -> tuple[NDArray[np.int32], IntArray]:
    kept = rng.random(len(rows)) >= share
    owners = np.repeat(np.arange(len(counts)), counts)
    return rows[kept], np.bincount(owners[kept], minlength=len(counts)).astype(np.int64)


def _bag_matrix(rows: NDArray[np.int32], counts: IntArray, width: int):  # type: ignore[no-untyped-def]
    try:
        from scipy.sparse import csr_matrix
    except ImportError as error:
        raise MissingExtraError("scipy", "train") from error
    offsets = np.concatenate([[0], np.cumsum(counts)])
    ones = np.ones(len(rows), dtype=np.float32)
    return csr_matrix((ones, rows, offsets), shape=(len(counts), width))
