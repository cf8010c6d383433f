"""Tables as lingua's writer makes them: shares among the n-grams with the same beginning."""

import json
from collections import Counter
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import brotli

NAMES = ("unigrams", "bigrams", "trigrams", "quadrigrams", "fivegrams")


def grams(texts: Sequence[str], size: int) -> Counter[str]:
    return Counter(
        text[place : place + size] for text in texts for place in range(len(text) - size + 1)
    )


def written(home: Path, texts: Sequence[str], most: int = 5) -> Path:
    """Write the tables of a language whose corpus holds these words, and return their folder."""
    home.mkdir(parents=True)
    below: Counter[str] = Counter()
    for size in range(1, most + 1):
        counts = grams(texts, size)
        total = sum(counts.values())
        shares: dict[str, list[str]] = {}
        for gram, count in counts.items():
            share = Fraction(count, below[gram[:-1]] if size > 1 else total)
            shares.setdefault(f"{share.numerator}/{share.denominator}", []).append(gram)
        held = {"language": "X", "ngrams": {share: " ".join(g) for share, g in shares.items()}}
        (home / f"{NAMES[size - 1]}.json.br").write_bytes(
            brotli.compress(json.dumps(held).encode())
        )
        below = counts
    return home
