"""The ledger's tables: prices as they were, and roll-ups of the decision log.

Rule: money is in whole nano-dollars, energy in micro-watt-hours and emissions in micrograms, so
that a roll-up is the sum of its rows to the last digit.
"""

from router.core.ledger import OTHER_TAGS, SECONDS_PER_DAY, SECONDS_PER_HOUR, TOTALS

CLUSTER_SUMS = (
    "requests",
    "priced_requests",
    "unpriced_requests",
    "baseline_nano",
    "baseline_low_nano",
    "baseline_high_nano",
    "answer_nano",
    "escalation_nano",
    "own_nano",
    "cache_loss_nano",
)
"""As ClusterSums has them, but for its cluster."""

FEEDBACK_SUMS = ("judged", "score_micro", "square_micro")
"""Scores and their squares in millionths."""

_NEW_COLUMNS = (
    "arm TEXT NOT NULL DEFAULT 'routed'",
    "preferred TEXT",
    "domain TEXT",
    "location TEXT",
    "cache_write_tokens INTEGER",
    "input_audio_tokens INTEGER",
    "output_audio_tokens INTEGER",
    "input_image_tokens INTEGER",
    "output_image_tokens INTEGER",
    "escalation_usd REAL",
    "own_usd REAL",
    "cache_loss_usd REAL NOT NULL DEFAULT 0",
    "baseline_usd REAL",
    "baseline_low_usd REAL",
    "baseline_high_usd REAL",
    "baseline_verbosity REAL",
    "baseline_tokenizer REAL",
    "unpriced TEXT",
    "price_id TEXT",
    "energy_low_wh REAL",
    "energy_high_wh REAL",
    "co2_low_g REAL",
    "co2_high_g REAL",
    "energy_source TEXT",
)


def _counts(names: tuple[str, ...]) -> str:
    return ", ".join(f"{name} INTEGER NOT NULL" for name in names)


LEDGER_MIGRATION: tuple[str, ...] = (
    *(f"ALTER TABLE decisions ADD COLUMN {column}" for column in _NEW_COLUMNS),
    "CREATE TABLE price_sheets (id TEXT PRIMARY KEY NOT NULL, prices TEXT NOT NULL) WITHOUT ROWID",
    # `key` is every other column as JSON: SQLite's UNIQUE takes two nulls for different.
    """
    CREATE TABLE roll_up_keys (
        id INTEGER PRIMARY KEY,
        key TEXT UNIQUE NOT NULL,
        level TEXT NOT NULL,
        arm TEXT NOT NULL,
        baseline TEXT,
        simulated INTEGER NOT NULL,
        policy_version TEXT,
        rule TEXT,
        domain TEXT,
        model TEXT,
        key_name TEXT
    )
    """,
    f"""
    CREATE TABLE hourly (
        key INTEGER NOT NULL, hour INTEGER NOT NULL, {_counts(TOTALS)},
        PRIMARY KEY (key, hour)
    ) WITHOUT ROWID
    """,
    f"""
    CREATE TABLE daily_clusters (
        key INTEGER NOT NULL, day INTEGER NOT NULL, cluster INTEGER NOT NULL,
        {_counts(CLUSTER_SUMS)},
        PRIMARY KEY (key, day, cluster)
    ) WITHOUT ROWID
    """,
    """
    CREATE TABLE hourly_histograms (
        measure TEXT NOT NULL, model TEXT NOT NULL, hour INTEGER NOT NULL, bucket INTEGER NOT NULL,
        requests INTEGER NOT NULL,
        PRIMARY KEY (measure, model, hour, bucket)
    ) WITHOUT ROWID
    """,
    """
    CREATE TABLE daily_histograms (
        measure TEXT NOT NULL, model TEXT NOT NULL, day INTEGER NOT NULL, bucket INTEGER NOT NULL,
        requests INTEGER NOT NULL,
        PRIMARY KEY (measure, model, day, bucket)
    ) WITHOUT ROWID
    """,
    f"""
    CREATE TABLE hourly_feedback (
        key INTEGER NOT NULL, hour INTEGER NOT NULL, source TEXT NOT NULL, {_counts(FEEDBACK_SUMS)},
        PRIMARY KEY (key, hour, source)
    ) WITHOUT ROWID
    """,
    # Days whose sums stand at this level too; of the others they are made from the full ones.
    """
    CREATE TABLE settled_days (
        level TEXT NOT NULL, day INTEGER NOT NULL, PRIMARY KEY (level, day)
    ) WITHOUT ROWID
    """,
    "CREATE TABLE roll_up_days (day INTEGER PRIMARY KEY)",
    # Rows up to `last` were written before there were roll-ups; up to `done` they are in them now.
    "CREATE TABLE roll_up_progress (done INTEGER NOT NULL, last INTEGER NOT NULL)",
    "INSERT INTO roll_up_progress SELECT 0, coalesce(max(rowid), 0) FROM decisions",
    "CREATE INDEX decisions_unpriced ON decisions (unpriced, model, at) WHERE unpriced IS NOT NULL",
    "CREATE INDEX feedback_by_score ON feedback (score, at DESC)",
)
"""Statements that bring the ledger into a decision log."""

TAG_MIGRATION: tuple[str, ...] = (
    "ALTER TABLE decisions ADD COLUMN tags TEXT NOT NULL DEFAULT '[]'",
    "ALTER TABLE roll_up_keys ADD COLUMN tag TEXT",
    "CREATE TABLE roll_up_tags (tag TEXT PRIMARY KEY NOT NULL) WITHOUT ROWID",
)
"""Statements that bring in what requests are for."""

_JUDGED = """
    FROM feedback f JOIN decisions d ON d.id = f.decision
    -- Rows that are yet to be rolled up bring their feedback along then.
    WHERE NOT EXISTS (SELECT 1 FROM roll_up_progress p WHERE d.rowid > p.done AND d.rowid <= p.last)
"""
_HOUR = f"CAST(d.at / {SECONDS_PER_HOUR} AS INTEGER) * {SECONDS_PER_HOUR}"

READING_MIGRATION: tuple[str, ...] = (
    # What was said of one session's answers of one hour; it goes with them, as their feedback does.
    """
    CREATE TABLE session_scores (
        hour INTEGER NOT NULL, simulated INTEGER NOT NULL, session TEXT NOT NULL, arm TEXT NOT NULL,
        source TEXT NOT NULL, at REAL NOT NULL, judged INTEGER NOT NULL,
        score_micro INTEGER NOT NULL,
        PRIMARY KEY (hour, simulated, session, arm, source)
    ) WITHOUT ROWID
    """,
    # How many decisions were judged by anyone.
    """
    CREATE TABLE judged_hours (
        simulated INTEGER NOT NULL, hour INTEGER NOT NULL, decisions INTEGER NOT NULL,
        PRIMARY KEY (simulated, hour)
    ) WITHOUT ROWID
    """,
    f"""
    INSERT INTO session_scores
    SELECT {_HOUR}, d.simulated, coalesce(d.session, d.id), d.arm, f.source, min(f.at), count(*),
        sum(CAST(round(f.score * 1e6) AS INTEGER))
    {_JUDGED} GROUP BY 1, 2, 3, 4, 5
    """,
    f"""
    INSERT INTO judged_hours SELECT d.simulated, {_HOUR}, count(DISTINCT d.id)
    {_JUDGED} GROUP BY 1, 2
    """,
    # The full sums of a day that is not over, in the order in which rows come: what is written and
    # read of it lies close together. Once it is over they go where they are found by key.
    f"""
    CREATE TABLE open_hourly (
        hour INTEGER NOT NULL, key INTEGER NOT NULL, {_counts(TOTALS)}, PRIMARY KEY (hour, key)
    ) WITHOUT ROWID
    """,
    f"""
    CREATE TABLE open_clusters (
        day INTEGER NOT NULL, key INTEGER NOT NULL, cluster INTEGER NOT NULL,
        {_counts(CLUSTER_SUMS)},
        PRIMARY KEY (day, key, cluster)
    ) WITHOUT ROWID
    """,
    "INSERT INTO settled_days SELECT 'full', day FROM roll_up_days",
    # What the sums by cluster of settled days come to, at levels and weeks that are marked.
    f"""
    CREATE TABLE weekly_clusters (
        key INTEGER NOT NULL, week INTEGER NOT NULL, cluster INTEGER NOT NULL,
        {_counts(CLUSTER_SUMS)},
        PRIMARY KEY (key, week, cluster)
    ) WITHOUT ROWID
    """,
    """
    CREATE TABLE settled_weeks (
        level TEXT NOT NULL, week INTEGER NOT NULL, PRIMARY KEY (level, week)
    ) WITHOUT ROWID
    """,
    # Some logs of one version had it and others did not. Nothing needs it now.
    "DROP INDEX IF EXISTS decisions_judged",
)
"""Statements that bring in what pages read: scores, which they had from the rows themselves, open
days and weeks."""

PACKING_MIGRATION: tuple[str, ...] = (
    # The sums by cluster of a level of a day or a week that is over, as `packed_sums.py` writes
    # them. What changes one of these sums deletes the pack, and readers take the sums themselves.
    """
    CREATE TABLE packed_clusters (
        begin INTEGER NOT NULL, days INTEGER NOT NULL, level TEXT NOT NULL, sums BLOB NOT NULL,
        PRIMARY KEY (begin, days, level)
    )
    """,
)
"""Statements that bring in what pages read of days that are over, at one go."""

_UNPACK_SCORES = (
    "DELETE FROM packed_scores WHERE simulated = {0}.simulated"
    f" AND day = {{0}}.hour / {SECONDS_PER_DAY} * {SECONDS_PER_DAY}"
)
SCORE_PACKING_MIGRATION: tuple[str, ...] = (
    # What `session_scores` has of a day that is over, as `score_parts.py` writes it. `begun` is
    # whose it is; until it is made there is nothing else of it.
    """
    CREATE TABLE packed_scores (
        day INTEGER NOT NULL, simulated INTEGER NOT NULL, begun BLOB NOT NULL,
        names TEXT, scores BLOB, PRIMARY KEY (day, simulated)
    )
    """,
    # Whatever changes a score deletes the pack, whoever does it: also retention, and a process of
    # an older version that still has the file open.
    *(
        f"CREATE TRIGGER unpack_scores_{what} AFTER {what} ON session_scores"
        f" BEGIN {_UNPACK_SCORES.format(row)}; END"
        for what, row in (("insert", "new"), ("update", "new"), ("delete", "old"))
    ),
)
"""Statements that bring in what pages read of sessions' scores of days that are over."""

TAG_SETS_MIGRATION: tuple[str, ...] = (
    # Full sums of tagged requests by the tags that they share, as JSON in order: what is asked of
    # a tag and of something else together is read from these. The newest days first.
    f"""
    CREATE TABLE tag_sets (
        day INTEGER NOT NULL, key INTEGER NOT NULL, tags TEXT NOT NULL, cluster INTEGER NOT NULL,
        {_counts(CLUSTER_SUMS)},
        PRIMARY KEY (day, key, tags, cluster)
    ) WITHOUT ROWID
    """,
    # They are whole from this day on: of a log that had met tags before, from the next.
    "CREATE TABLE tag_sets_kept (since INTEGER NOT NULL)",
    f"""
    INSERT INTO tag_sets_kept SELECT CASE WHEN EXISTS (SELECT 1 FROM roll_up_tags) THEN
        (CAST(max((SELECT coalesce(max(at), 0) FROM decisions),
            (SELECT coalesce(max(day), 0) FROM roll_up_days)) / {SECONDS_PER_DAY} AS INTEGER) + 1)
        * {SECONDS_PER_DAY} ELSE 0 END
    """,
    # What had been said of tagged answers, under each of their tags.
    f"""
    INSERT INTO hourly_feedback
    SELECT k.id, j.hour, j.source, count(*), sum(CAST(round(j.score * 1e6) AS INTEGER)),
        sum(CAST(round(j.score * j.score * 1e6) AS INTEGER))
    FROM (
        SELECT DISTINCT f.decision, f.source, f.score, {_HOUR} AS hour, d.arm, d.baseline,
            d.simulated, coalesce(r.tag, '{OTHER_TAGS}') AS tag
        FROM feedback f JOIN decisions d ON d.id = f.decision
        JOIN json_each(d.tags) t LEFT JOIN roll_up_tags r ON r.tag = t.value
        WHERE d.tags != '[]'
    ) j JOIN roll_up_keys k ON k.level = 'tag' AND k.arm = j.arm AND k.baseline IS j.baseline
        AND k.simulated = j.simulated AND k.tag = j.tag
    GROUP BY 1, 2, 3
    """,
)
"""Statements that bring in what is told of tags and of something else together, and quality by
tag."""

MEASURED_MIGRATION: tuple[str, ...] = (
    "ALTER TABLE decisions ADD COLUMN baseline_tokenizer_basis TEXT",
    # Models and baselines are named as SQLiteMeasured is told.
    """
    CREATE TABLE measured_answers (
        day INTEGER NOT NULL, model TEXT NOT NULL, baseline TEXT NOT NULL,
        own_n INTEGER NOT NULL, own_tokens REAL NOT NULL, own_squares REAL NOT NULL,
        control_n INTEGER NOT NULL, control_tokens REAL NOT NULL, control_squares REAL NOT NULL,
        PRIMARY KEY (day, model, baseline)
    ) WITHOUT ROWID
    """,
    """
    CREATE TABLE measured_texts (
        day INTEGER NOT NULL, model TEXT NOT NULL,
        n INTEGER NOT NULL, told INTEGER NOT NULL, estimated INTEGER NOT NULL,
        PRIMARY KEY (day, model)
    ) WITHOUT ROWID
    """,
)
"""Statements that bring in what was measured of models' answers and tokenizers."""
