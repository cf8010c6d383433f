"""One plain sentence on a decision: who answered, how fast, at what price, and why."""

from collections.abc import Mapping
from typing import Any

_REQUESTED = "requested"
_NOBODY = {
    "no_candidate": "no model may and can serve it",
    "unavailable": "every model that could serve it was out of order",
    "upstream_error": "every model that was asked failed",
    "refused": "the upstream refused the request itself",
}


def sentence(row: Mapping[str, Any]) -> str:
    """The sentence, of a row as the log's readers give it."""
    told = f"{_who(row)}, because {_why(row)}"
    beside = _beside(row)
    return f"{told}. {beside}" if beside else f"{told}."


def _who(row: Mapping[str, Any]) -> str:
    if row["model"] is None:
        return f"Nobody answered: {_NOBODY.get(row['outcome'], row['outcome'])}"
    end = {
        "broken": "began to answer and broke off",
        "cancelled": "was answering when the caller left",
    }
    verb = end.get(row["outcome"], "refused" if row["outcome"] == "refused" else "answered")
    after = row["total_s"]
    time = f"{after * 1000:.0f} ms" if after < 1 else f"{after:.1f} s"
    fallen = f" after {_listed(_failed(row))} failed" if row["fallbacks"] else ""
    return f"{row['model']} {verb}{fallen}, {time} in all"


def _why(row: Mapping[str, Any]) -> str:
    if row["strategy"] == "named":
        asked = row["requested_model"]
        return f"the request named {'this model' if asked == row['model'] else asked}"
    by = "no rule held" if row["rule"] == "default" else f"the rule {row['rule']} held"
    return f"{by} and, of its candidates, {row['choice'] or 'none'} came first: {row['reason']}"


def _beside(row: Mapping[str, Any]) -> str:
    cost, baseline = row["cost_usd"], row["baseline_cost_usd"]
    if row["model"] is None:
        return ""
    if cost is None:
        return "What it cost is not known."
    priced = f"It cost ${cost:.6f}"
    if baseline is None or row["baseline"] is None:
        return f"{priced}."
    name = row["baseline"].removeprefix("always:")
    if name == _REQUESTED:
        name = row["requested_model"]
        if name == row["model"]:
            return f"{priced}."
    if name == row["model"]:
        return f"{priced}, which is what the baseline, always {name}, would have cost."
    return f"{priced}; the same tokens from {name}, the baseline, would have cost ${baseline:.6f}."


def _failed(row: Mapping[str, Any]) -> list[str]:
    return list(dict.fromkeys(it["model"] for it in row["attempts"] if it["error"] is not None))


def _listed(names: list[str]) -> str:
    return " and ".join([", ".join(names[:-1]), names[-1]]) if len(names) > 1 else "".join(names)
