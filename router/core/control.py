"""Control: a share of requests goes to the baseline by lot, so that the saving can be measured.

Pure: the lot is the same draw that settles exploration, at its other end.
"""

from msgspec.structs import replace

from router.core.decision import Candidate, Decision, Rejection


def with_control(
    decision: Decision, baseline: Candidate | Rejection, share: float, draw: float
) -> Decision:
    """The decision as part of the experiment: its propensities, its arm and, if drawn, its order.

    `baseline` is the model to compare with; if it was rejected the request takes no part. The arm
    is `control` for a `draw` of at least 1 - `share`, else `treated`.
    """
    if isinstance(baseline, Rejection) or not decision.candidates:
        return decision
    propensities = dict(decision.propensities)
    propensities[decision.candidates[0].model] -= share
    propensities[baseline.model] = propensities.get(baseline.model, 0.0) + share
    if draw < 1 - share:
        return replace(decision, propensities=propensities, arm="treated")
    others = tuple(c for c in decision.candidates if c.model != baseline.model)
    return replace(
        decision,
        candidates=(baseline, *others),
        propensities=propensities | {c.model: propensities.get(c.model, 0.0) for c in others},
        arm="control",
        reason="drawn as a control: sent to the baseline, so that the saving is measured",
    )
