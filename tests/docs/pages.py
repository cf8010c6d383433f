"""Documentation that the code itself tells: made here, compared in test_pages.py.

Make it again: `python -m tests.docs.pages`
"""

import importlib
from collections.abc import Callable, Mapping
from pathlib import Path

from router.settings import Settings
from router.signals import SIGNALS

DOCS = Path(__file__).parents[2] / "docs"


def settings_page() -> str:
    """docs/settings.md, from the fields of Settings."""
    rows = ["| variable | default | meaning |", "|---|---|---|"]
    for name, field in Settings.model_fields.items():
        default = "your state directory" if field.default_factory else _plain(field.default)
        rows.append(f"| `SLM_ROUTER_{name.upper()}` | {default} | {field.description} |")
    return "\n".join(
        [
            "# Settings",
            "",
            "How a process runs is set by environment variables; what happens to a request is"
            " [policy](policies.md). `slm-router serve --help` lists those that are arguments too.",
            "",
            *rows,
            "",
            "Keys of upstreams are read from the variables that a catalog names in `api_key_env`"
            " and stand nowhere else.",
            "",
        ]
    )


def signals_page() -> str:
    """docs/signals.md, from the docstrings of the signal kinds."""
    parts = [
        "# Signals",
        "",
        "What a policy's rules can ask about a request. A kind's options stand under"
        " `signals: <kind>:` in the policy file. Only the kinds that a policy reads are computed;"
        " of a request that names its model, only those that a limit may depend on.",
    ]
    for kind in SIGNALS:
        module = importlib.import_module(f"router.signals.{kind}")
        parts += ["", f"## {kind}", "", (module.__doc__ or "").strip()]
    return "\n".join([*parts, ""])


PAGES: Mapping[str, Callable[[], str]] = {
    "settings.md": settings_page,
    "signals.md": signals_page,
}


def _plain(value: object) -> str:
    return "none" if value in (None, ()) else f"`{value}`"


if __name__ == "__main__":
    for name, page in PAGES.items():
        (DOCS / name).write_text(page(), "utf-8")
