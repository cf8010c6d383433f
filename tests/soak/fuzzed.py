"""L14: hostile requests, as `python -m tests.hostile.fuzz` sends them."""

import asyncio
import re
import sys

from tests.soak.figure import Figure


async def fuzzed(count: int, seed: int) -> list[Figure]:
    """None answered with a 5xx, every 4xx an error object, and all of it soon."""
    command = [sys.executable, "-m", "tests.hostile.fuzz", "--count", str(count)]
    process = await asyncio.create_subprocess_exec(
        *command, "--seed", str(seed), stdout=asyncio.subprocess.PIPE
    )
    printed = (await process.communicate())[0].decode()
    wrong = int(_found(r"without an error object: (\d+)", printed))
    p99 = float(_found(r"p99 ([\d.]+) ms", printed))
    return [
        Figure(f"L14 {count} hostile requests", "0 x 5xx", f"{wrong} wrong", wrong == 0),
        Figure("L14 hostile requests, p99", "<= 50 ms", f"{p99:.1f} ms", p99 <= 50),
    ]


def _found(pattern: str, text: str) -> str:
    match = re.search(pattern, text)
    assert match, text
    return match[1]
