"""Retrying: an upstream that is called again after a fault that may pass.

Rule: only while no byte of an answer has come, and only what says nothing of the request: no
connection, or a status of load or of a fault of the server's. A timeout is never followed by a
second wait. While another candidate is left, it is the better second try: then only a connection
that broke is tried again, at once.

Waits have full jitter (uniform between nothing and the exponential back-off), so that callers who
failed together do not come again together: M. Brooker, "Exponential Backoff And Jitter", 2015.
"""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Mapping
from email.utils import parsedate_to_datetime
from math import isfinite

from router.deadlines import within
from router.errors import UpstreamError, UpstreamRefused, UpstreamTimeout, UpstreamUnreachable
from router.ports import Reply, Tries, Upstream, UpstreamCall

WORTH_A_RETRY = frozenset({408, 429, 500, 502, 503, 504, 529})
"""Statuses of load, or of a fault of the server's; 529 is Anthropic's word for overloaded."""

QUICK_S = 0.02
"""Longest wait while another candidate is left: what it is for is a restart of a moment."""

FIRST_WAIT_S = 0.25
LONGEST_WAIT_S = 5.0
"""Longest wait in all. Whoever is told to wait longer is told so, and may spend the time better."""

TIMERS_WORTH_S = 1.0
"""By how much a request's time must be shorter than an upstream's own to need a timer."""

_NO_TIME_LEFT = "The time allowed for this request was over before the upstream answered."


class Retrying:
    """Around one upstream, called again up to `retries` times for each candidate.

    `most_s` is how long one call takes at most by itself. `draw` is uniform in [0, 1).
    """

    def __init__(
        self,
        upstream: Upstream,
        retries: int,
        most_s: float,
        draw: Callable[[], float] = random.random,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._upstream = upstream
        self._retries = retries
        self._most_s = most_s
        self._draw = draw
        self._sleep = sleep

    async def open(self, call: UpstreamCall) -> Reply:
        """Send the call, again where that pays. Raises what the last one raised.

        Raises UpstreamTimeout if the request's time is over before the answer has begun.
        """
        tries, calls = call.tries, 0
        while True:
            reply: Reply | None = None
            failure: UpstreamError
            try:
                reply = await self._in_time(call)
                if reply.status not in WORTH_A_RETRY:
                    return reply
                failure = _refused(reply)
            except UpstreamUnreachable as error:
                failure, calls = error, calls + error.resent
            calls += 1
            wait_s = self._wait(failure, calls, tries)
            if wait_s is None:
                if reply is not None:
                    return reply
                raise failure
            if reply is not None:
                await reply.close()
            tries.failed(failure)
            await self._sleep(wait_s)
            tries.begun()

    async def close(self) -> None:
        """Let go of the upstream."""
        await self._upstream.close()

    def _in_time(self, call: UpstreamCall) -> Awaitable[Reply]:
        left_s = call.tries.seconds_left()
        if left_s + TIMERS_WORTH_S >= self._most_s:
            # Its own timeout ends it about as soon.
            return self._upstream.open(call)
        return self._within(left_s, call)

    async def _within(self, left_s: float, call: UpstreamCall) -> Reply:
        try:
            with within(left_s):
                return await self._upstream.open(call)
        except TimeoutError:
            raise UpstreamTimeout(_NO_TIME_LEFT) from None

    def _wait(self, failure: UpstreamError, calls: int, tries: Tries) -> float | None:
        """Seconds before the next call, None if there is to be none."""
        if calls > self._retries or calls >= tries.left:
            return None
        if not tries.last:
            return self._draw() * QUICK_S if isinstance(failure, UpstreamUnreachable) else None
        headers = failure.headers if isinstance(failure, UpstreamRefused) else {}
        told_s = retry_after(headers, time.time())
        back_off_s = min(FIRST_WAIT_S * 2 ** (calls - 1), LONGEST_WAIT_S)
        wait_s = told_s + self._draw() * back_off_s
        no_use = headers.get("x-should-retry") == "false" or told_s > LONGEST_WAIT_S
        return None if no_use or wait_s >= tries.seconds_left() else wait_s


def retry_after(headers: Mapping[str, str], now: float) -> float:
    """Seconds that an upstream asks to wait, 0 if it names none; RFC 9110, 10.2.3."""
    try:
        if "retry-after-ms" in headers:
            told_s = float(headers["retry-after-ms"]) / 1000
        else:
            told_s = float(headers.get("retry-after", "0"))
    except ValueError:
        told_s = _until(headers.get("retry-after", ""), now)
    return max(told_s, 0.0) if isfinite(told_s) else 0.0


def _until(date: str, now: float) -> float:
    try:
        return parsedate_to_datetime(date).timestamp() - now
    except ValueError:
        return 0.0


def _refused(reply: Reply) -> UpstreamRefused:
    message = f"The upstream answered with status {reply.status}."
    return UpstreamRefused(message, reply.status, headers=reply.headers)
