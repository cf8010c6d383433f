"""litellm_checks: what must neither be dropped on the way to a provider nor be sent to it.

Pure. litellm leaves out fields that a provider lacks, and fetches media that a request names.
"""

from collections.abc import Mapping
from typing import Any

import msgspec

from router.errors import UpstreamRefused

ESSENTIAL_FIELDS = ("tools", "response_format", "n", "logprobs", "top_logprobs", "stop")
"""A provider that cannot do these refuses; others, such as `seed`, are left out for it."""

TAKES_ADDRESSES = frozenset({"anthropic"})
"""Providers that fetch images by https address themselves. For all others litellm would fetch
them here, and the gateway fetches nothing that a request names."""

_TOOL_TYPES = frozenset({"function", "custom"})


def check(fields: Mapping[str, Any], supported: list[str] | None, provider: str) -> None:
    """Raises UpstreamRefused for a field that must neither be dropped nor be sent."""
    for name in ESSENTIAL_FIELDS:
        if supported is not None and name not in supported and _asks(name, fields.get(name)):
            raise _unsupported(name, f"{provider} does not support {name}.")
    for tool in fields.get("tools") or ():
        if isinstance(tool, Mapping) and tool.get("type", "function") not in _TOOL_TYPES:
            raise _unsupported("tools", f"{provider} takes tools of type function only.")
    for address in _addresses(fields.get("messages")):
        if not (address.startswith("https://") and provider in TAKES_ADDRESSES):
            told = f"{provider} takes media as data: URLs only; the gateway fetches none."
            raise _unsupported("messages", told)


def _asks(name: str, value: object) -> bool:
    if name == "n":
        return value not in (None, 1)
    return bool(value) and value != {"type": "text"}


def _unsupported(param: str, message: str) -> UpstreamRefused:
    code = "unsupported_parameter"
    error = {"message": message, "type": "invalid_request_error", "param": param, "code": code}
    return UpstreamRefused(message, 400, msgspec.json.encode({"error": error}))


def _addresses(value: object, key: str = "") -> list[str]:
    """Every web address under a `url`, `image_url` or `file_id`, wherever it stands."""
    if isinstance(value, Mapping):
        return [a for name, part in value.items() for a in _addresses(part, str(name))]
    if isinstance(value, list):
        return [a for part in value for a in _addresses(part, key)]
    named = key in ("url", "image_url", "file_id", "file_data", "data", "source")
    is_address = isinstance(value, str) and value[:8].lower().startswith(("http://", "https://"))
    return [str(value)] if named and is_address else []
