from __future__ import annotations

from classifiers.authored import authored_prompts
from classifiers.targets import TASKS


def test_every_slot_is_filled_and_every_task_has_prompts() -> None:
    found = authored_prompts(seed=3)

    assert {prompt.task for prompt in found} == set(TASKS)
    assert not any("{topic}" in prompt.text or "{passage}" in prompt.text for prompt in found)


def test_the_same_seed_writes_the_same_prompts_and_another_writes_others() -> None:
    assert authored_prompts(seed=3) == authored_prompts(seed=3)
    assert authored_prompts(seed=3) != authored_prompts(seed=4)


def test_targets_are_probabilities() -> None:
    assert all(p.target is None or 0 < p.target < 1 for p in authored_prompts(seed=3))
