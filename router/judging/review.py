"""Review: what is done about one answer that was drawn, from its bytes to the log.

Rule: answer and shadow are judged by one model, by one rubric, each alone. What was paid for is
booked also where it came to nothing.
"""

import asyncio
import logging

from router.core.cost import Usage
from router.core.decision import Candidate
from router.core.review import Purpose, Result, Review, ShadowAnswer
from router.dialects.answer_text import CHAT, text_of
from router.errors import CircuitOpen, DecisionLogError, UnknownDecision
from router.judging.asking import FAILURES, Asking, Question, Told
from router.judging.budget import Budget
from router.judging.counts import ReviewCounts
from router.judging.gate import may_ask
from router.judging.questions import (
    Drawn,
    has_effects,
    judge_question,
    most_judge_usd,
    shadow_question,
)
from router.judging.reading import answered_in, asked_in
from router.judging.rubric import Section, score_in
from router.recording import MAX_CONTENT_BYTES

logger = logging.getLogger(__name__)


class Reviewing:
    """One review under way."""

    def __init__(self, drawn: Drawn, budget: Budget, counts: ReviewCounts) -> None:
        self._drawn = drawn
        self._budget = budget
        self._counts = counts
        self._gateway = drawn.trace.gateway
        self._asking = Asking(self._gateway, drawn.in_force)
        self._asked: list[Section] = []
        self._score: float | None = None
        self._shadow: ShadowAnswer | None = None
        self._at: Purpose | None = "judge"

    async def run(self) -> None:
        """Judge it, if it may be. What was paid for is booked, also if this is cancelled."""
        try:
            await self._run()
        except BaseException as error:
            # Cancelled, or our own mistake: what it came to before is counted already.
            if self._at is not None:
                dropped = isinstance(error, asyncio.CancelledError)
                self._count(self._at, "dropped" if dropped else "failed")
            raise

    async def _run(self) -> None:
        sections = await asyncio.to_thread(self._read)
        if isinstance(sections, str):
            self._count("judge", sections)
            return
        question = judge_question(self._drawn, sections)
        allowed = self._allowed(question)
        if isinstance(allowed, str):
            self._count("judge", allowed)
            return
        shadow = self._allowed_shadow()
        reserved = self._reserved(question, shadow)
        if isinstance(reserved, str):
            self._count("judge", reserved)
            return
        try:
            await self._review(question, shadow)
        finally:
            self._settle(reserved)
            await self._book()

    def _read(self) -> list[Section] | Result:
        """What the judge is shown; of the answer's bytes nothing is kept any longer."""
        trace = self._drawn.trace
        answered, is_whole = bytes(trace.kept), len(trace.kept) < MAX_CONTENT_BYTES
        trace.kept.clear()
        asked = asked_in(trace.call)
        if isinstance(asked, str):
            return asked
        if not is_whole:
            return "too_large"
        self._asked = asked
        return answered_in(trace.call, asked, answered)

    def _allowed(self, question: Question) -> Candidate | Result:
        """Whom the question may be put to, or why it is not. What is made up and what is real never
        meet: a simulated model's word on a real answer would pass for a judgement."""
        if self._drawn.in_force.is_simulated(question.model) != self._drawn.event.simulated:
            return "not_allowed"
        stats = self._gateway.stats.snapshot()
        return may_ask(self._drawn.routed, question.model, question.request, stats)

    def _allowed_shadow(self) -> tuple[Question, Candidate] | None:
        question = shadow_question(self._drawn)
        if question is None:
            return None
        effects = has_effects(self._drawn.trace.call)
        allowed = "not_allowed" if effects else self._allowed(question)
        if isinstance(allowed, Candidate):
            return question, allowed
        self._count("shadow", allowed)
        return None

    def _reserved(
        self, question: Question, shadow: tuple[Question, Candidate] | None
    ) -> float | Result:
        """US dollars kept for this review, or why it is not made."""
        ceiling = self._drawn.judging.usd_per_day
        if ceiling is None:
            return 0.0
        needed = most_judge_usd(self._drawn, question)
        if needed is not None and shadow is not None:
            expected = shadow[1].cost_usd
            # Its answer is judged too, by about as long a prompt.
            needed = None if expected is None else 2 * needed + expected
        if needed is None:
            return "no_price"
        now = self._gateway.clock.now()
        return needed if self._budget.reserve(needed, ceiling, now) else "over_budget"

    def _settle(self, reserved: float) -> None:
        costs = [call.cost_usd for call in self._asking.calls]
        # What is not known may be all that was kept for it.
        spent = reserved if None in costs else sum(cost for cost in costs if cost is not None)
        self._budget.settle(reserved, spent, self._gateway.clock.now())

    async def _review(self, question: Question, shadow: tuple[Question, Candidate] | None) -> None:
        score = await self._judged(question)
        if isinstance(score, str):
            self._count("judge", score)
            return
        self._score = score
        self._count("judge", "judged")
        if shadow is not None:
            self._at = "shadow"
            self._count("shadow", await self._shadowed(shadow[0]))

    async def _shadowed(self, question: Question) -> Result:
        told = await self._asked_once(question)
        if isinstance(told, str):
            return told
        self._compare(told.usage)
        call = self._drawn.trace.call
        sections = await asyncio.to_thread(answered_in, call, self._asked, told.body)
        if isinstance(sections, str):
            return sections
        score = await self._judged(judge_question(self._drawn, sections))
        if isinstance(score, str):
            return score
        tokens = None if told.usage is None else told.usage.output_tokens
        self._shadow = ShadowAnswer(question.model, score, tokens)
        return "judged"

    async def _judged(self, question: Question) -> float | Result:
        """The judge's score, in [0, 1]."""
        told = await self._asked_once(question)
        if isinstance(told, str):
            return told
        text = text_of(CHAT, False, told.body)
        score = None if text is None else score_in(text)
        return "not_understood" if score is None else score

    async def _asked_once(self, question: Question) -> Told | Result:
        # Looked at again right before the call: much may have happened while this one waited.
        allowed = self._allowed(question)
        if isinstance(allowed, str):
            return allowed
        try:
            return await self._asking.ask(question)
        except CircuitOpen:
            return "unavailable"
        except FAILURES as error:
            told = type(error).__name__
            logger.debug("%s of decision %s: %s", question.purpose, self._drawn.event.id, told)
            return "failed"

    def _compare(self, shadow: Usage | None) -> None:
        """Fold the lengths of both answers in. A lot chose the request and both answered it, so
        they compare; where a control arm is measured already, its lengths are all of one kind."""
        event, policy = self._drawn.event, self._drawn.in_force.policy
        decision, own = event.decision, event.usage
        if policy.control > 0 or decision.explored or decision.preferred != event.model:
            return
        if event.model is None or own is None or event.usage_estimated or shadow is None:
            return
        assert policy.baseline is not None  # or there were no shadow
        compare = self._gateway.stats.compare
        compare(event.model, policy.baseline, False, own.output_tokens)
        compare(event.model, policy.baseline, True, shadow.output_tokens)

    async def _book(self) -> None:
        """Tell what was paid and what came of it, if anybody was asked."""
        calls, event = tuple(self._asking.calls), self._drawn.event
        if not calls:
            return
        for call in calls:
            self._counts.paid(event.decision.policy, call)
        now = self._gateway.clock.now()
        try:
            await self._gateway.log.record_review(
                Review(event.id, now, calls, self._score, self._shadow)
            )
        except (DecisionLogError, UnknownDecision) as error:
            logger.error("the review of decision %s was not recorded: %s", event.id, error)

    def _count(self, purpose: Purpose, result: Result) -> None:
        if purpose == self._at:
            self._at = None
        self._counts.reviewed(self._drawn.event.decision.policy, purpose, result)
