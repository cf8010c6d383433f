"""A classifier that says what it was told to, as slowly as it was told to."""

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class FakeJudgement:
    """Satisfies router.signals.learned.Judgement."""

    complexity: float = 0.2
    complexity_confidence: float = 0.8
    difficulty: float = -0.5
    domain: str = "other"
    domain_confidence: float = 0.6
    task: str = "chat"
    task_confidence: float = 0.7
    abstain: bool = False
    quality: Mapping[str, float] = field(default_factory=dict)


class FakeClassifier:
    """Satisfies router.signals.learned.Classifier.

    A text that holds "hard" is judged hard, one that holds "poison" raises. While `gate` is
    cleared, `judge` does not return.
    """

    def __init__(self) -> None:
        self.batches: list[list[str]] = []
        self.begun = threading.Event()
        self.gate = threading.Event()
        self.gate.set()

    def judge(self, texts: Sequence[str], /) -> list[FakeJudgement]:
        self.batches.append(list(texts))
        self.begun.set()
        self.gate.wait(timeout=30)
        return [self._judgement(text) for text in texts]

    def _judgement(self, text: str) -> FakeJudgement:
        if "poison" in text:
            raise ValueError("the fake classifier was told to fail")
        if "hard" in text:
            return FakeJudgement(complexity=0.9, difficulty=2.0, domain="math", task="reasoning")
        return FakeJudgement()
