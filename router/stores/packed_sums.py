"""Packed sums: rows of whole numbers as one value of a table, column by column. Pure.

Rule: each column takes the fewest bytes that hold all of its numbers, so that what was summed comes
back to the last digit.
"""

from collections.abc import Sequence
from struct import pack
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_SIZES = {"b": 1, "h": 2, "i": 4, "q": 8}
"""Bytes of a signed number, by its letter in `struct`."""


def packed(rows: Sequence[Sequence[int]]) -> bytes:
    """Rows of equal length as how many they are, a letter for each column, a line's end and the
    columns, little-endian."""
    columns = list(zip(*rows, strict=True))
    letters = [_letter(column) for column in columns]
    head = f"{len(rows)} {''.join(letters)}\n".encode()
    written = (pack(f"<{len(rows)}{c}", *it) for c, it in zip(letters, columns, strict=True))
    return head + b"".join(written)


def unpacked(value: bytes) -> "list[NDArray[np.signedinteger[Any]]]":
    """The columns of what was packed, each as wide as it was written and none of them copied."""
    # On first use: who only writes the log has no need of numpy.
    import numpy as np

    end = value.index(b"\n") + 1
    number, letters = value[:end].decode().rstrip("\n").split(" ")
    rows, found = int(number), []
    for letter in letters:
        found.append(np.frombuffer(value, f"<i{_SIZES[letter]}", rows, end))
        end += rows * _SIZES[letter]
    return found


def _letter(column: Sequence[int]) -> str:
    """Of the narrowest number that holds all of a column."""
    needed = max(max(column), -min(column) - 1, 0).bit_length() + 1
    return next(letter for letter, size in _SIZES.items() if needed <= 8 * size)
