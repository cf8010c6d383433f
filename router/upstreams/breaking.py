"""Breaking: an upstream that is not called while it keeps failing.

Rule: what a call tells of a model's and an upstream's health is judged by whoever reads the answer
to its end, and kept in the statistics; this only holds calls back, for `decide` may have been made
before a circuit opened, or several requests at once would be the probe.
"""

from router.core.circuit import OPEN_S
from router.errors import CircuitOpen
from router.ports import Reply, StatsStore, Upstream, UpstreamCall


class Breaking:
    """Around one upstream, by its name in the catalog."""

    def __init__(self, upstream: Upstream, name: str, stats: StatsStore) -> None:
        self._upstream = upstream
        self._name = name
        self._stats = stats

    async def open(self, call: UpstreamCall) -> Reply:
        """Send the call. Raises CircuitOpen at once, or what the upstream raises."""
        if not self._stats.enter(call.card, self._name):
            raise CircuitOpen(OPEN_S)
        return await self._upstream.open(call)

    async def close(self) -> None:
        """Let go of the upstream."""
        await self._upstream.close()
