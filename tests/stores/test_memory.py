"""What is particular to stores that forget with the process."""

from router.stores.memory import MemoryDecisionLog
from tests.fakes.events import an_event


async def test_above_its_capacity_the_oldest_rows_are_forgotten() -> None:
    log = MemoryDecisionLog(capacity=2)
    for id in ("a", "b", "c"):
        await log.record(an_event(id))
    assert [row["decision"] for row in log.recent(5)] == ["c", "b"]
    assert log.find("a") is None
