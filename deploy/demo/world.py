"""The demo's made-up world: its policy, and which answers are right in it.

Simulated models answer nothing, so nothing can be checked. Here a model is right on a prompt with a
probability set below, by the difficulty that the prompt's author gave it. It shows what the pages
say once answers are judged; it says nothing of any real model, and the pages call it simulated.
"""

from __future__ import annotations

import hashlib
import json
import urllib.request
from collections.abc import Iterable, Mapping
from pathlib import Path

from router.policyfile import shipped_policies

CONTROL = 0.1
"""Share that goes to the baseline whatever the rules say, so that there is something to compare."""

JUDGED = 0.6
"""Share of the prompts whose answers are judged."""

RIGHT: Mapping[str, Mapping[str, float]] = {
    "sim-small": {"easy": 0.96, "medium": 0.78, "hard": 0.35},
    "sim-large": {"easy": 0.97, "medium": 0.92, "hard": 0.78},
}
"""Model -> difficulty -> how likely it is to be right. Set, not measured."""

_NO_PROXY = urllib.request.ProxyHandler({})


def write_policy(folder: Path) -> Path:
    """The shipped default policy with a control arm, over the two simulated models."""
    folder.mkdir()
    shipped = (shipped_policies() / "default.yaml").read_text(encoding="utf-8")
    (folder / "default.yaml").write_text(f"{shipped}\ncontrol: {CONTROL}\n", encoding="utf-8")
    models = Path(__file__).with_name("models.yaml").read_text(encoding="utf-8")
    (folder / "models.yaml").write_text(models, encoding="utf-8")
    return folder / "default.yaml"


def score(prompt: str, difficulty: str, model: str) -> float | None:
    """1 if the model is right on the prompt of that id, 0 if not; None if nobody judges it.

    What one model gets right, one that is at least as likely to be right gets right too.
    """
    if model not in RIGHT or _draw(f"judged {prompt}") >= JUDGED:
        return None
    return float(_draw(f"right {prompt}") < RIGHT[model][difficulty])


def judge(scores: Iterable[tuple[str, float]], port: int) -> int:
    """Send each decision's score as a task check's feedback; how many were sent."""
    web, sent = urllib.request.build_opener(_NO_PROXY), 0
    for decision, value in scores:
        body = json.dumps({"decision": decision, "score": value, "source": "check"}).encode()
        headers = {"content-type": "application/json"}
        asked = urllib.request.Request(f"http://127.0.0.1:{port}/v1/feedback", body, headers)
        with web.open(asked, timeout=10):
            sent += 1
    return sent


def _draw(text: str) -> float:
    """A number in [0, 1) that the text always gives."""
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8]) / 2**64
