"""Writes what is said of a decision after its row: feedback, and what a review told and cost.

Rule: for the thread that writes, within its transaction. What is wrong with one piece must not take
the others down with it. A row that is yet to be rolled up brings all this along then.
"""

import sqlite3
from math import isfinite
from typing import Any

from router.core.bill import OwnCall
from router.core.feedback import Feedback
from router.core.review import Review
from router.errors import DecisionLogError, RouterError
from router.stores.decision_row import NOT_A_ROW
from router.stores.feedback_row import INSERT_FEEDBACK, Given, no_such_decision
from router.stores.own_roll_up import PaidCall
from router.stores.review_schema import OWN_SUMS
from router.stores.roll_up import MICRO, Row, hour_of
from router.stores.sqlite_roll_up import SQLiteRollUp

_INSERT = (
    "INSERT INTO reviews SELECT id, :at, :score, :shadow_model, :shadow_score,"
    " :shadow_output_tokens FROM decisions WHERE id = :decision ON CONFLICT (decision) DO NOTHING"
)
_CALL = (
    "INSERT INTO own_calls SELECT id, ?, ?, ?, ?, ?, ?, ?, simulated FROM decisions WHERE id = ?"
)
_IS_THERE = "SELECT 1 FROM decisions WHERE id = ?"
_CALLS = (
    "SELECT at, purpose, model, coalesce(input_tokens, 0) + coalesce(output_tokens, 0), cost_usd"
    " FROM own_calls WHERE decision = ? ORDER BY number"
)
_PAIR = (
    "SELECT score - shadow_score FROM reviews"
    " WHERE decision = ? AND score IS NOT NULL AND shadow_score IS NOT NULL"
)
# Null once a part of it is not known.
_CHARGE = "UPDATE decisions SET own_usd = own_usd + ? WHERE id = ?"
_OWN_HOURLY = (
    "INSERT INTO own_hourly VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
    " ON CONFLICT (simulated, hour, purpose, model) DO UPDATE SET "
    + ", ".join(f"{name} = {name} + excluded.{name}" for name in OWN_SUMS)
)
_SESSION_PAIRS = (
    "INSERT INTO session_pairs VALUES (?, ?, ?, 1, ?)"
    " ON CONFLICT (hour, simulated, session) DO UPDATE SET pairs = pairs + 1,"
    " difference_micro = difference_micro + excluded.difference_micro"
)


def insert_feedback(
    connection: sqlite3.Connection, sums: SQLiteRollUp, given: Given
) -> RouterError | None:
    """Write feedback; what is wrong with it, None if nothing. Raises sqlite3.Error."""
    try:
        known = sums.known(given.feedback)
        written = connection.execute(INSERT_FEEDBACK, given.parameters())
    except UnicodeEncodeError:
        # Half a surrogate pair: no decision's id holds that.
        return no_such_decision()
    except sqlite3.IntegrityError as error:
        return DecisionLogError(f"The feedback cannot be logged: {error}.")
    if not written.rowcount:
        return no_such_decision()
    if known is not None:
        sums.judge(given.feedback, known)
    return None


def insert_review(
    connection: sqlite3.Connection, sums: SQLiteRollUp, review: Review
) -> RouterError | None:
    """Write a review unless there is one; what is wrong with it, None if nothing. Its score is kept
    as feedback of the judge's. Raises sqlite3.Error."""
    connection.execute("SAVEPOINT review")
    try:
        if not connection.execute(_INSERT, _told(review)).rowcount:
            found = connection.execute(_IS_THERE, (review.decision,)).fetchone()
            return no_such_decision() if found is None else None
        calls = (_call(number, review, call) for number, call in enumerate(review.calls))
        connection.executemany(_CALL, calls)
    except UnicodeEncodeError:
        connection.execute("ROLLBACK TO review")
        return no_such_decision()
    except (sqlite3.IntegrityError, *NOT_A_ROW) as error:
        connection.execute("ROLLBACK TO review")
        return DecisionLogError(f"The review cannot be logged: {error}.")
    finally:
        connection.execute("RELEASE review")
    row = sums.row_of(review.decision)
    if row is not None:
        book_review(connection, sums, row)
    if review.score is not None:
        said = Feedback(review.decision, "judge", review.at, review.score)
        return insert_feedback(connection, sums, Given(said, None))
    return None


def book_review(connection: sqlite3.Connection, sums: SQLiteRollUp, row: Row) -> None:
    """Add what the review of a row cost and told, if there is one, to the sums."""
    calls = [PaidCall(*it) for it in connection.execute(_CALLS, (row.id,))]
    sums.book(row, calls)
    for call in calls:
        place = (row.simulated, hour_of(call.at), call.purpose, call.model)
        figures = (1, int(call.cost_usd is None), call.tokens, call.nano)
        connection.execute(_OWN_HOURLY, (*place, *figures))
        connection.execute(_CHARGE, (call.cost_usd, row.id))
    for (difference,) in connection.execute(_PAIR, (row.id,)).fetchall():
        of = (hour_of(row.at), row.simulated, row.session or row.id)
        connection.execute(_SESSION_PAIRS, (*of, round(difference * MICRO)))


def _told(review: Review) -> dict[str, Any]:
    shadow = review.shadow
    return {
        "decision": review.decision,
        "at": review.at,
        "score": review.score,
        "shadow_model": shadow and shadow.model,
        "shadow_score": shadow and shadow.score,
        "shadow_output_tokens": shadow and shadow.output_tokens,
    }


def _call(number: int, review: Review, call: OwnCall) -> tuple[Any, ...]:
    usage, cost = call.usage, call.cost_usd
    told = (None, None) if usage is None else (usage.input_tokens, usage.output_tokens)
    # What is no number is no price.
    known = cost if cost is not None and isfinite(cost) else None
    return (number, review.at, call.purpose, call.model, *told, known, review.decision)
