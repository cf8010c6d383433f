"""L14: hostile requests, as `python -m tests.hostile.fuzz` and `.described` send them."""

import asyncio
import re
import sys

from tests.soak.figure import Figure


async def fuzzed(count: int, seed: int) -> list[Figure]:
    """None answered with a 5xx, every 4xx an error object, and all of it soon."""
    printed = await _printed("tests.hostile.fuzz", count, seed)
    wrong = int(_found(r"without an error object: (\d+)", printed))
    p99 = float(_found(r"p99 ([\d.]+) ms", printed))
    return [
        Figure(f"L14 {count} hostile requests", "0 x 5xx", f"{wrong} wrong", wrong == 0),
        Figure("L14 hostile requests, p99", "<= 50 ms", f"{p99:.1f} ms", p99 <= 50),
    ]


async def described(count: int, seed: int) -> Figure:
    """What schemathesis makes of our OpenAPI document: each answered as that says."""
    printed = await _printed("tests.hostile.described", count, seed)
    tried = int(_found(r"tried: (\d+)", printed))
    wrong = int(_found(r"operations at fault: (\d+)", printed))
    return Figure(
        f"L14 schemathesis, {count} requests or more",
        "0 x 5xx, every 4xx an error object",
        f"{wrong} wrong of {tried}",
        wrong == 0 and tried >= count,
    )


async def _printed(module: str, count: int, seed: int) -> str:
    command = [sys.executable, "-m", module, "--count", str(count), "--seed", str(seed)]
    process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    return (await process.communicate())[0].decode()


def _found(pattern: str, text: str) -> str:
    match = re.search(pattern, text)
    assert match, text
    return match[1]
