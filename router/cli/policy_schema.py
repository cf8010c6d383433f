"""slm-router policy schema: the JSON schemas of policy and catalog files, for editors."""

import json
from pathlib import Path
from typing import Any

from router.core.catalog import Catalog
from router.policyfile import PolicyFile
from router.signals import SIGNALS

POLICY_SCHEMA = "schema.json"
CATALOG_SCHEMA = "catalog.schema.json"
_DIALECT = "https://json-schema.org/draft/2020-12/schema"


def schema(catalog: bool, folder: Path | None) -> int:
    """Print one schema, or write both into a folder."""
    if folder is None:
        print(catalog_schema() if catalog else policy_schema(), end="")
        return 0
    for name, text in ((POLICY_SCHEMA, policy_schema()), (CATALOG_SCHEMA, catalog_schema())):
        (folder / name).write_text(text, encoding="utf-8")
        print(folder / name)
    return 0


def policy_schema() -> str:
    """The schema of a policy file, with the options of every signal kind."""
    made = PolicyFile.model_json_schema()
    definitions = made.setdefault("$defs", {})
    properties: dict[str, Any] = {}
    for name, kind in SIGNALS.items():
        options = kind.options.model_json_schema(ref_template="#/$defs/{model}")
        definitions.update(options.pop("$defs", {}))
        definitions[kind.options.__name__] = options
        properties[name] = {"$ref": f"#/$defs/{kind.options.__name__}"}
    made["properties"]["signals"] = {
        "type": "object",
        "description": "Options of signal kinds.",
        "properties": properties,
        "additionalProperties": False,
    }
    return _text(made, "slm-router policy")


def catalog_schema() -> str:
    """The schema of a catalog file."""
    return _text(Catalog.model_json_schema(), "slm-router catalog")


def _text(made: dict[str, Any], title: str) -> str:
    return json.dumps({"$schema": _DIALECT, **made, "title": title}, indent=2) + "\n"
