"""GET /api/v1/policies: the policies in force, in words and as written, and what versions saved.

POST /api/v1/policies/validate: what an edit of one would be. Rule: nothing is written and nothing
is put into force over HTTP; what comes back is a patch to apply to the file.
"""

import asyncio
import difflib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from router.answer import UNREADABLE
from router.api.caller import body_of
from router.api.reports.period import period_of
from router.api.reports.told import Told, answered
from router.api.reports.versions import COLUMNS, versions_of
from router.api.reports.wording import in_words, judging, limits
from router.api.state import runtime_of
from router.core.catalog import Catalog
from router.core.judging import Judging
from router.core.policy import Policy
from router.errors import InvalidRequest, PolicyFileError, Problem
from router.gateway import PolicyInForce
from router.policyfile import LoadedPolicy, load_text, parse
from router.prices import bundled
from router.signals import SIGNALS, vocabulary

MOST_BYTES = 1_000_000


async def policies(request: Request) -> Response:
    """The policies as JSON; as CSV the versions."""
    return answered(request, await report(request))


async def report(request: Request) -> Told:
    """Every policy in force, the default first, and the versions that decided in the period."""
    runtime = runtime_of(request)
    gateway, loaded, reload = runtime.gateway, runtime.policies(), runtime.reload
    order = sorted(gateway.policies, key=lambda name: (name != gateway.default_policy, name))
    period = await period_of(request)
    versions = await versions_of(request, period)
    told = [_told(gateway.policies[name], loaded.get(name)) for name in order]
    content = {
        "object": "policies",
        **period.told(),
        "default": gateway.default_policy,
        "reload": {"at": reload.at, "ok": reload.error is None, "error": reload.error},
        "policies": told,
        "versions": versions,
    }
    return Told(content, COLUMNS, versions)


def _told(in_force: PolicyInForce, loaded: LoadedPolicy | None) -> dict[str, Any]:
    policy = in_force.policy
    return {
        "policy": policy.name,
        "version": in_force.version,
        **_meaning(policy),
        "certificate": None if policy.certificate is None else str(policy.certificate),
        "file": None if loaded is None else loaded.path.name,
        "text": None if loaded is None else _text(loaded.path),
    }


def _meaning(policy: Policy) -> dict[str, Any]:
    return {
        "description": policy.description,
        "baseline": policy.baseline,
        "explore": policy.explore,
        "limits": list(limits(policy.limits)),
        "judging": judging(policy.judging),
        "tags_from": list(policy.tags_from),
        "rules": in_words(policy),
    }


def _text(path: Path) -> str | None:
    """The file as it is now, None if it cannot be read."""
    try:
        return path.read_text("utf-8")
    except (OSError, UnicodeDecodeError):
        return None


async def validate(request: Request) -> Response:
    """The verdict as JSON."""
    try:
        given = msgspec.json.decode(await body_of(request, 2 * MOST_BYTES))
    except UNREADABLE as error:
        raise InvalidRequest(f"The body must be a JSON object: {error}.") from None
    if not isinstance(given, dict):
        raise InvalidRequest("The body must be a JSON object.")
    return answered(request, await validated(request, given))


async def validated(request: Request, given: Mapping[str, Any]) -> Told:
    """What a text would be in a policy's file. Raises InvalidRequest naming the field at fault."""
    name, text = given.get("policy"), given.get("text")
    loaded = runtime_of(request).policies()
    if not isinstance(name, str) or name not in loaded:
        raise InvalidRequest(f"Expected one of {', '.join(sorted(loaded))}.", "policy")
    if not isinstance(text, str) or len(text.encode("utf-8", "replace")) > MOST_BYTES:
        raise InvalidRequest("Expected the text of a policy file, at most 1 MB.", "text")
    return Told(await asyncio.to_thread(_verdict, loaded[name], text.replace("\r\n", "\n")))


def _verdict(loaded: LoadedPolicy, text: str) -> dict[str, Any]:
    told: dict[str, Any] = {"object": "validation", "policy": loaded.policy.name}
    before = _text(loaded.path) or ""
    try:
        found = _read(loaded, before, text)
    except PolicyFileError as error:
        problems = [_problem(problem) for problem in error.problems]
        return {**told, "ok": False, "problems": problems, "version": None, "patch": ""}
    return {
        **told,
        "ok": True,
        "problems": [],
        "version": found.version,
        "in_force": _meant(found) == _meant(loaded),
        "patch": _patch(loaded.path.name, before, text),
        **_meaning(found.policy),
    }


def _meant(loaded: LoadedPolicy) -> tuple[str, Judging | None]:
    """What a file means: what is judged is no part of a version."""
    return loaded.version, loaded.policy.judging


def _read(loaded: LoadedPolicy, before: str, text: str) -> LoadedPolicy:
    """The policy that a text is. Raises PolicyFileError.

    A text may not have another file read: it comes over the network, and errors quote files.
    """
    file = str(loaded.path)
    old, new = (parse(one, file).root for one in (before, text))
    named_before = old.get("catalog") if old else None
    named = new.get("catalog") if new else None
    if named is not None and named.value != (named_before.value if named_before else None):
        raise PolicyFileError(
            [named.problem("expected the file's own: no other is read from here")]
        )
    catalog: Catalog | None = loaded.catalog if named is not None else None
    return load_text(text, loaded.path, SIGNALS, vocabulary, bundled(), catalog)


def _problem(problem: Problem) -> dict[str, Any]:
    place = {"line": problem.line, "column": problem.column}
    return {**place, "key": problem.key, "expected": problem.expected}


def _patch(name: str, before: str, text: str) -> str:
    """The edit as `git apply` and `patch -p1` take it."""
    lines = difflib.unified_diff(
        before.splitlines(keepends=True), text.splitlines(keepends=True), f"a/{name}", f"b/{name}"
    )
    return "".join(
        line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines
    )
