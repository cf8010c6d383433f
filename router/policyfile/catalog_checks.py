"""What a catalog means: upstreams that exist and speak what is said, keys that are not in the file,
known specialities."""

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

from router.core.catalog import OF_KIND
from router.core.signals import DOMAINS, TASKS
from router.errors import Problem
from router.policyfile.tree import Node
from router.policyfile.validation import did_you_mean

_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_KNOWN = (("domain", "domains", DOMAINS), ("task", "tasks", TASKS))


def catalog_problems(catalog: Node) -> Iterator[Problem]:
    """Every problem of meaning in a catalog's tree."""
    upstreams, models = catalog.get("upstreams"), catalog.get("models")
    for node in (upstreams.entries if upstreams else {}).values():
        yield from _secret_problems(node)
    if models is not None and models.value == {}:
        yield models.problem("expected at least one model")
    for node in (models.entries if models else {}).values():
        if upstreams is not None:
            yield from _upstream_problems(node, upstreams)
            yield from _unspoken_problems(node, upstreams)
        yield from _speciality_problems(node)


def _secret_problems(upstream: Node) -> Iterator[Problem]:
    """Keys written into the file. They are not repeated in the words."""
    variable, address = upstream.get("api_key_env"), upstream.get("base_url")
    if variable and isinstance(variable.value, str) and not _VARIABLE.fullmatch(variable.value):
        yield variable.problem(
            "expected the name of an environment variable such as OPENAI_API_KEY, not the key"
        )
    if address and isinstance(address.value, str) and "@" in _authority(address.value):
        yield address.problem("expected an address without a password; put it in api_key_env")


def _authority(address: str) -> str:
    try:
        return urlsplit(address).netloc
    except ValueError:
        return ""


def _upstream_problems(model: Node, upstreams: Node) -> Iterator[Problem]:
    named = model.get("upstream")
    if named is None or not isinstance(named.value, str) or named.value in upstreams.entries:
        return
    near = did_you_mean(named.value, upstreams.entries)
    hint = near or f"; the catalog has {', '.join(upstreams.entries) or 'none'}"
    yield named.problem(f"unknown upstream {named.value}{hint}")


def _unspoken_problems(model: Node, upstreams: Node) -> Iterator[Problem]:
    """What a card says it is asked through, and no upstream of its kind can be."""
    named, spoken = model.get("upstream"), model.get("speaks")
    written = upstreams.get(str(named.value), "kind") if named is not None else None
    kind = "" if written is None else str(written.value)
    if spoken is None or kind not in OF_KIND:
        return
    known = OF_KIND[kind]
    for node in spoken.items:
        if isinstance(node.value, str) and node.value not in known:
            told = f"an upstream of kind {kind} is asked through nothing else"
            yield node.problem(f"expected {' or '.join(known)}: {told}")


def _speciality_problems(model: Node) -> Iterator[Problem]:
    for what, key, known in _KNOWN:
        claimed, rated = model.get("specialises_in", key), model.get("quality", key)
        for node in claimed.items if claimed else ():
            if isinstance(node.value, str) and node.value not in known:
                yield node.problem(_unknown(what, node.value, known))
        for name, node in (rated.entries if rated else {}).items():
            if name not in known:
                yield node.key_problem(_unknown(what, name, known))


def _unknown(what: str, name: str, known: tuple[str, ...]) -> str:
    near = did_you_mean(name, known) or f"; expected one of {', '.join(known)}"
    return f"unknown {what} {name}{near}"
