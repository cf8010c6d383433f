"""litellm_failure: what a failed litellm call means: a reply with a status, or an UpstreamError.

litellm renames statuses by words in the error's text (an overloaded 429 becomes a 500), so the
exceptions underneath are read: the one next to the wire knows the status that was answered.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec

from router.errors import UpstreamBroken, UpstreamRefused, UpstreamTimeout, UpstreamUnreachable
from router.ports import Reply
from router.upstreams.reply import error_reply, passed_on

MAX_CHARACTERS = 1_000
_TRANSPORTS = ("httpx", "httpcore", "aiohttp")


def failure(error: Exception, hidden: Sequence[str], answered: bool) -> Reply:
    """The provider's refusal as a reply in OpenAI's form; `hidden` texts are blotted out.

    `answered`: the provider had begun to answer. Raises UpstreamTimeout, UpstreamUnreachable or
    UpstreamBroken where it did not answer with a status, and UpstreamRefused where litellm failed
    on the request itself before it was sent.
    """
    chain = list(_chain(error))
    if any("Timeout" in type(e).__name__ for e in chain):
        raise UpstreamTimeout("The provider took too long to answer.") from None
    status = _status(chain)
    if status is not None:
        return _reply(status, chain, hidden)
    if any(isinstance(e, OSError) or _is_transport(e) for e in chain):
        raise UpstreamUnreachable("The provider cannot be reached.") from None
    if not answered:
        told = "The request has something in it that cannot be put into this provider's form."
        raise UpstreamRefused(told, 400) from None
    raise UpstreamBroken("The provider's answer could not be read.") from None


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        error = error.__cause__ or error.__context__


def _is_transport(error: BaseException) -> bool:
    return type(error).__module__.split(".")[0] in _TRANSPORTS


def _status(chain: Sequence[BaseException]) -> int | None:
    """The status on the wire; else litellm's own where it refused the request itself (4xx)."""
    answered = any(type(e).__name__ == "HTTPStatusError" for e in chain)
    statuses = [s for e in chain if isinstance(s := getattr(e, "status_code", None), int)]
    if answered and statuses:
        return statuses[-1]
    own = statuses[0] if statuses else 0
    return own if 400 <= own < 500 else None


def _reply(status: int, chain: Sequence[BaseException], hidden: Sequence[str]) -> Reply:
    told = _told(chain)
    message = str(told.get("message") or f"The provider answered with status {status}.")
    for text in hidden:
        message = message.replace(text, "***")
    code, param = told.get("code"), told.get("param")
    return error_reply(
        status,
        message[:MAX_CHARACTERS],
        str(told.get("type") or ("server_error" if status >= 500 else "invalid_request_error")),
        code=None if code is None else str(code),
        param=None if param is None else str(param),
        headers=_headers(chain),
    )


def _told(chain: Sequence[BaseException]) -> Mapping[str, Any]:
    """The provider's error object; a text alone counts as its message."""
    messages = [m for e in chain if (m := getattr(e, "message", None))]
    for message in reversed(messages):
        try:
            body = msgspec.json.decode(message)
        except (msgspec.MsgspecError, TypeError, UnicodeDecodeError):
            continue
        error = body.get("error", body) if isinstance(body, Mapping) else None
        if isinstance(error, Mapping):
            return error
    text = messages[-1] if messages else ""
    return {"message": text.decode("utf-8", "replace") if isinstance(text, bytes) else text}


def _headers(chain: Sequence[BaseException]) -> dict[str, str]:
    for error in chain:
        headers = getattr(error, "headers", None)
        if headers:
            return passed_on((str(name), str(value)) for name, value in headers.items())
    return {}
