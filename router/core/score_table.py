"""ScoreTable: scores of sessions column by column, each one piece of memory, for many sessions."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, overload

from router.core.feedback import SOURCES
from router.core.ledger import ARMS
from router.core.session_score import SessionScore


@dataclass(frozen=True, slots=True)
class ScoreTable(Sequence[SessionScore]):
    """A sequence of SessionScore that makes each as it is asked for: in order of time, what was
    said at one moment in order of session, and of a session, arm and source no more than one.

    `names` are the sessions. The columns are in this machine's order: of whole numbers of 8 bytes
    `sessions`, each row's place among the names, and `judged`; of one byte `arms` and `sources`,
    places in ARMS and SOURCES; of floats of 8 bytes `at` and `scores`.
    """

    names: Sequence[str]
    sessions: bytes
    arms: bytes
    sources: bytes
    at: bytes
    judged: bytes
    scores: bytes

    def __len__(self) -> int:
        return len(self.arms)

    @overload
    def __getitem__(self, index: int) -> SessionScore: ...

    @overload
    def __getitem__(self, index: slice) -> Sequence[SessionScore]: ...

    def __getitem__(self, index: int | slice) -> SessionScore | Sequence[SessionScore]:
        if isinstance(index, slice):
            return [self[at] for at in range(*index.indices(len(self)))]
        row = range(len(self))[index]
        columns = self._columns()
        return self._made(*(column[row] for column in columns))

    def __iter__(self) -> Iterator[SessionScore]:
        return (self._made(*row) for row in zip(*self._columns(), strict=True))

    def _columns(self) -> tuple[Sequence[Any], ...]:
        wide = (memoryview(it).cast("q") for it in (self.sessions, self.judged))
        exact = (memoryview(it).cast("d") for it in (self.at, self.scores))
        return (*wide, self.arms, self.sources, *exact)

    def _made(
        self, session: int, judged: int, arm: int, source: int, *figures: float
    ) -> SessionScore:
        at, score = figures
        return SessionScore(self.names[session], ARMS[arm], SOURCES[source], at, judged, score)
