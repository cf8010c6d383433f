"""Histograms of one measure, from the roll-ups of a SQLite decision log.

Rule: counts are read as columns and added up here: of 30 days there are ten thousand.
"""

import sqlite3
from collections.abc import Collection, Mapping, Sequence
from contextlib import closing
from pathlib import Path

from router.core.ledger import SECONDS_PER_DAY, SECONDS_PER_HOUR, Histogram, Measure, Step, Window
from router.stores.roll_up import rounded
from router.stores.sqlite_columns import whole_columns
from router.stores.sqlite_schema import cannot, open_for_reading
from router.stores.sqlite_sums import counted

STEPS: Mapping[Step, int] = {"hour": SECONDS_PER_HOUR, "day": SECONDS_PER_DAY}
_BUCKETS = 2**20
"""More than there are: they go from -200 to 4,096."""


def histograms_of(
    path: Path,
    busy_s: float,
    window: Window,
    measure: Measure,
    asked: tuple[Collection[str | None] | None, Step | None],
) -> Sequence[Histogram]:
    """How a measure spread over whole hours, in order of time; `asked` are models (None: all), and
    the step (None: the window). Raises DecisionLogError."""
    # On first use: who only writes the log has no need of numpy.
    import numpy as np

    models, step = asked
    source, values = counted(window, measure, models, by_hour=step == "hour")
    try:
        with closing(open_for_reading(path, busy_s)) as connection:
            columns = whole_columns(connection, source, values, ("at", "bucket", "requests"))
    except sqlite3.Error as error:
        raise cannot("be read", path, error) from error
    except UnicodeEncodeError:
        # Half a surrogate pair in a model's name: no row can hold that.
        return []
    at, buckets, requests = columns
    begin = rounded(window, SECONDS_PER_HOUR)[0]
    at = at // STEPS[step] * STEPS[step] if step else np.full_like(at, begin)
    places, of = np.unique(at * _BUCKETS + buckets + _BUCKETS // 2, return_inverse=True)
    sums = np.zeros(len(places), dtype=np.int64)
    np.add.at(sums, of, requests)
    found: dict[int, dict[int, int]] = {}
    for place, number in zip(places.tolist(), sums.tolist(), strict=True):
        begin, bucket = divmod(place, _BUCKETS)
        found.setdefault(begin, {})[bucket - _BUCKETS // 2] = number
    return [Histogram(begin, measure, counts) for begin, counts in found.items()]
