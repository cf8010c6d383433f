"""Savings as measured: a random share of the traffic really went to the baseline model.

Rule: the control arm is drawn by chance, so what the arms differ in is the routing alone; no price
list and no assumption on verbosity enters. See `savings.py` for the priced kind.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import exp, sqrt

import numpy as np

from router.core.ledger import NANO, ClusterSums
from router.evidence.bounds import Floats
from router.evidence.figure import Figure, not_measured, percent, too_few, usd_interval
from router.evidence.resampling import Estimate, OfTotals, Resampled, Slopes

LEAST_CLUSTERS = 80
"""Of each arm (measured in `tests/evidence/test_coverage.py`). By number alone: to ask also that
the spending be spread over many would keep just those draws that missed a dear session."""

SMALL = 0.5
"""An arm with fewer requests than this share of the other's is a small one."""


@dataclass(frozen=True, slots=True)
class ArmSums:
    """What the two arms of an experiment spent in one cluster of sessions, in nano-dollars.

    Requests and spending are each divided by the logged probability of the arm they are in (Horvitz
    and Thompson, JASA 1952), which a share of control that changes midway needs; where it does not
    change the weights are 1. `requests` counts them unweighted.
    """

    cluster: int
    control_weight: float = 0.0
    control_spent: float = 0.0
    routed_weight: float = 0.0
    routed_spent: float = 0.0
    requests: int = 0


@dataclass(frozen=True, slots=True)
class MeasuredSaving:
    """What was saved against the control arm, as measured. `share` is of what control costs;
    `per_request` in US dollars."""

    share: Figure
    per_request: Figure


def arms(control: Sequence[ClusterSums], routed: Sequence[ClusterSums]) -> tuple[ArmSums, ...]:
    """The arms of a period in which the share of control did not change, from their sums.

    The router's own calls are charged to the routed arm alone: the control arm stands for what is
    spent without a router, where nothing is judged, although some of its answers were.
    """
    first = {it.cluster: it for it in control}
    second = {it.cluster: it for it in routed}
    found = []
    for cluster in sorted(first.keys() | second.keys()):
        a, b = first.get(cluster), second.get(cluster)
        found.append(
            ArmSums(
                cluster,
                float(a.priced_requests) if a else 0.0,
                float(_spent(a) - a.own_nano) if a else 0.0,
                float(b.priced_requests) if b else 0.0,
                float(_spent(b)) if b else 0.0,
                (a.priced_requests if a else 0) + (b.priced_requests if b else 0),
            )
        )
    return tuple(found)


def _spent(sums: ClusterSums) -> int:
    """All that was paid, and the prompt cache that was lost."""
    return sums.upstream_nano + sums.own_nano + sums.cache_loss_nano


def measured_saving(clusters: Sequence[ArmSums]) -> MeasuredSaving:
    """The difference in mean cost between the arms (Hajek's ratio of weighted sums), with its
    cluster bootstrap interval."""
    kept = sorted(
        (it for it in clusters if it.requests or it.routed_spent), key=lambda it: it.cluster
    )
    sums = np.array([_row(it) for it in kept], dtype=np.float64).reshape(-1, 4)
    n = sum(it.requests for it in kept)
    least = int(min((sums[:, 0] > 0).sum(), (sums[:, 2] > 0).sum()))
    if not (sums[:, 0] > 0).any():
        return _neither(
            "Not measured: no request went to a control arm. Set `control: 0.05` in the policy to"
            " send 5 % of the traffic to the baseline model and compare."
        )
    found = each = None
    if least >= LEAST_CLUSTERS and sums[:, 1].sum() > 0:
        resampled = Resampled(sums)
        found = resampled.estimate(_saved_share, _saved_share_slope)
        each = _each(resampled)
    if found is None or each is None:
        told = (
            f"Not enough data from the experiment: {least} of about {LEAST_CLUSTERS} groups of"
            " sessions in the smaller arm."
        )
        few = too_few("measured_saved", "share", told, least, LEAST_CLUSTERS, "measured")
        return MeasuredSaving(few, _like(few))
    whole = f"{n:,} requests, {sum(1 for it in kept if it.control_weight)} groups with control"
    told = f"Measured: routing cost {_less(found)} than the baseline model in the control arm"
    share = Figure("measured_saved", "share", "value", f"{told}; {whole}.", "measured", *found, n=n)
    told = f"Measured: {usd_interval(*each)} saved on each request."
    return MeasuredSaving(
        share, Figure("measured_saved_usd", "usd", "value", told, "measured", *each, n=n)
    )


def _each(resampled: Resampled) -> Estimate | None:
    """The difference in mean cost, with an interval that does not trust a small arm's luck.

    An arm that is small and by chance has few of the dear requests has a low mean and a low error
    at once, so that the interval ends too early on the side where its mean would have been higher.
    There it ends where the two means' own intervals, made on the logarithm, would have it if that
    is farther: Zou and Donner, Construction of confidence limits about effect measures (Statistics
    in Medicine 2008), with the arms' correlation. Measured in `tests/evidence/test_coverage.py`.
    """
    found = resampled.estimate(_saved_each, _saved_each_slope)
    size = resampled.value(_control_size)
    if found is None or SMALL <= size <= 1 / SMALL:
        return found
    control, routed = (_arm_mean(resampled, *of) for of in (_OF_CONTROL, _OF_ROUTED))
    if control is None or routed is None:
        return found
    alike = _correlation(resampled)
    if size < SMALL:
        far = _apart(control.high - control.value, routed.value - routed.low, alike)
        return found._replace(high=max(found.high, found.value + far))
    far = _apart(control.value - control.low, routed.high - routed.value, alike)
    return found._replace(low=min(found.low, found.value - far))


def _correlation(resampled: Resampled) -> float:
    """Of the arms' means, which sessions with requests in both make alike."""
    first, second = (resampled.error(slope) for _, _, slope in (_OF_CONTROL, _OF_ROUTED))
    both = first**2 + second**2 - resampled.error(_saved_each_slope) ** 2
    product = 2 * first * second
    return min(max(both / product, -1.0), 1.0) if product else 0.0


def _apart(one: float, other: float, alike: float) -> float:
    return sqrt(max(one**2 + other**2 - 2 * alike * one * other, 0.0))


def _arm_mean(
    resampled: Resampled, mean: OfTotals, logarithm: OfTotals, slope: Slopes
) -> Estimate | None:
    """The mean cost of an arm, its interval made on the logarithm; an arm that cost nothing has
    none, and is certain."""
    value = resampled.value(mean)
    if value == 0.0:
        return Estimate(0.0, 0.0, 0.0)
    found = resampled.estimate(logarithm, lambda totals: slope(totals) / mean(totals)[..., None])
    return None if found is None else Estimate(value, exp(found.low), exp(found.high))


def _less(found: tuple[float, float, float]) -> str:
    value, low, high = found
    return f"{percent(-value, -high, -low)} more" if high < 0 else f"{percent(*found)} less"


def _like(share: Figure) -> Figure:
    name = "measured_saved_usd"
    return replace(share, name=name, unit="usd")


def _neither(told: str) -> MeasuredSaving:
    share = not_measured("measured_saved", "share", told, "measured")
    return MeasuredSaving(share, _like(share))


def _row(it: ArmSums) -> tuple[float, float, float, float]:
    return (it.control_weight, it.control_spent / NANO, it.routed_weight, it.routed_spent / NANO)


def _saved_share(totals: Floats) -> Floats:
    """1 - routed mean / control mean."""
    n0, c0, n1, c1 = np.moveaxis(totals, -1, 0)
    return np.asarray(1 - (c1 / n1) / (c0 / n0))


def _saved_share_slope(totals: Floats) -> Floats:
    n0, c0, n1, c1 = np.moveaxis(totals, -1, 0)
    part = (c1 / n1) / (c0 / n0)
    return np.stack([-part / n0, part / c0, part / n1, -part / c1], axis=-1)


def _saved_each(totals: Floats) -> Floats:
    """Control mean - routed mean."""
    n0, c0, n1, c1 = np.moveaxis(totals, -1, 0)
    return np.asarray(c0 / n0 - c1 / n1)


def _saved_each_slope(totals: Floats) -> Floats:
    n0, c0, n1, c1 = np.moveaxis(totals, -1, 0)
    return np.stack([-c0 / n0**2, 1 / n0, c1 / n1**2, -1 / n1], axis=-1)


def _control_size(totals: Floats) -> Floats:
    """Requests in the control arm for each in the other."""
    return np.asarray(totals[..., 0] / totals[..., 2])


def _control_mean(totals: Floats) -> Floats:
    return np.asarray(totals[..., 1] / totals[..., 0])


def _control_slope(totals: Floats) -> Floats:
    slope = np.zeros_like(totals)
    slope[..., 0], slope[..., 1] = -totals[..., 1] / totals[..., 0] ** 2, 1 / totals[..., 0]
    return slope


def _routed_mean(totals: Floats) -> Floats:
    return _control_mean(totals[..., 2:])


def _routed_slope(totals: Floats) -> Floats:
    return np.concatenate(
        [np.zeros_like(totals[..., 2:]), _control_slope(totals[..., 2:])], axis=-1
    )


_OF_CONTROL = _control_mean, lambda totals: np.log(_control_mean(totals)), _control_slope
_OF_ROUTED = _routed_mean, lambda totals: np.log(_routed_mean(totals)), _routed_slope
