"""simulated_embeddings: vectors that look like an embedding model's and mean nothing.

Pure: the same text always gets the same vector, of length 1.
"""

import base64
import hashlib
import math
import random
import struct
from collections.abc import Mapping
from typing import Any

import msgspec

from router.core.tokens import estimated_tokens

DIMENSIONS = 256


def embeddings(body: Mapping[str, Any], model: str) -> dict[str, Any]:
    """The answer to an embeddings request's body, as `simulated_body.embeddings` has read it."""
    given = body["input"]
    single = isinstance(given, str) or all(isinstance(item, int) for item in given)
    inputs = [given] if single else given
    size = body.get("dimensions") or DIMENSIONS
    in_base64 = body.get("encoding_format") == "base64"
    data = [_entry(at, _vector(item, size), in_base64) for at, item in enumerate(inputs)]
    tokens = sum(estimated_tokens(it) if isinstance(it, str) else len(it) for it in inputs)
    usage = {"prompt_tokens": tokens, "total_tokens": tokens}
    return {"object": "list", "data": data, "model": model, "usage": usage}


def _vector(item: Any, size: int) -> list[float]:
    seed = hashlib.sha256(msgspec.json.encode(item)).hexdigest()
    dice = random.Random(seed)  # seeded by the text: not for secrets
    values = [dice.gauss(0.0, 1.0) for _ in range(size)]
    length = math.hypot(*values)
    return [value / length for value in values]


def _entry(index: int, vector: list[float], in_base64: bool) -> dict[str, Any]:
    packed = struct.pack(f"<{len(vector)}f", *vector)
    told = base64.b64encode(packed).decode() if in_base64 else vector
    return {"object": "embedding", "index": index, "embedding": told}
