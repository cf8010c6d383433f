"""The tables of reviews: what the router itself had done about answers, and what that cost.

Rule: as in the ledger's, money is in whole nano-dollars wherever it is summed.
"""

OWN_SUMS = ("calls", "unpriced", "tokens", "cost_nano")
"""As OwnCost has them, but for what they are told apart by."""

_SUMS = ", ".join(f"{name} INTEGER NOT NULL" for name in OWN_SUMS)

REVIEW_MIGRATION: tuple[str, ...] = (
    # A row for each review, also where it came to nothing: it is made once.
    """
    CREATE TABLE reviews (
        decision TEXT PRIMARY KEY NOT NULL REFERENCES decisions (id) ON DELETE CASCADE,
        at REAL NOT NULL,
        score REAL,
        shadow_model TEXT,
        shadow_score REAL,
        shadow_output_tokens INTEGER
    ) WITHOUT ROWID
    """,
    """
    CREATE TABLE own_calls (
        decision TEXT NOT NULL REFERENCES decisions (id) ON DELETE CASCADE,
        number INTEGER NOT NULL,
        at REAL NOT NULL,
        purpose TEXT NOT NULL,
        model TEXT NOT NULL,
        input_tokens INTEGER,
        output_tokens INTEGER,
        cost_usd REAL,
        simulated INTEGER NOT NULL,
        PRIMARY KEY (decision, number)
    ) WITHOUT ROWID
    """,
    "CREATE INDEX own_calls_unpriced ON own_calls (model, at) WHERE cost_usd IS NULL",
    f"""
    CREATE TABLE own_hourly (
        simulated INTEGER NOT NULL, hour INTEGER NOT NULL, purpose TEXT NOT NULL,
        model TEXT NOT NULL, {_SUMS},
        PRIMARY KEY (simulated, hour, purpose, model)
    ) WITHOUT ROWID
    """,
    # As session_scores, of the hour of the answers. The sum is signed.
    """
    CREATE TABLE session_pairs (
        hour INTEGER NOT NULL, simulated INTEGER NOT NULL, session TEXT NOT NULL,
        pairs INTEGER NOT NULL, difference_micro INTEGER NOT NULL,
        PRIMARY KEY (hour, simulated, session)
    ) WITHOUT ROWID
    """,
)
"""Statements that bring them in."""
