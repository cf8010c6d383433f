"""Every error of the gateway, drawn as a tree. Nothing here knows HTTP: `api/errors.py` does.

RouterError
├── InvalidRequest           the caller's request cannot be understood; names the field at fault
│   ├── BodyTooLarge         the request's body exceeds the limit
│   ├── UnknownModel         the request names a model that the catalog lacks
│   ├── UnknownPolicy        the request names a policy that is not loaded
│   ├── UnknownDecision      the request names a decision that the log does not hold
│   ├── UnknownAnswer        the request goes on with an answer that nobody is known to keep
│   ├── UnknownConversation  the same of a conversation
│   └── UnknownThread        the same of a thread of Anthropic's
├── Unauthenticated          the caller showed no API key, or one that is not in force
├── Forbidden                the caller may not do this
├── Overloaded               the gateway serves as many requests as it can
├── CallerLeft               the caller closed the connection before it had its answer
├── NoCandidate              no model may or can serve the request; says why, model by model
├── ModelsUnavailable        models could serve, but none is healthy at the moment
├── UpstreamError            an upstream did not answer as it should; the next candidate is tried
│   ├── CircuitOpen          was not called, for it keeps failing
│   ├── UpstreamUnreachable  no connection, or the connection broke before the first byte
│   ├── UpstreamTimeout      no answer within the time allowed
│   ├── UpstreamRefused      answered with a status that another model may not answer with
│   │   └── RefusedInStream  the same, told in the first event of a stream
│   └── UpstreamBroken       the answer stopped or lost its form after it had begun
├── PolicyFileError          a policy or catalog file is wrong; carries every problem found
├── DecisionLogError         the decision log cannot be opened, read or written
├── KeyStoreError            the API keys cannot be read or written, or there is no such key
└── StartupError             the gateway cannot start; says what to do next
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass


class RouterError(Exception):
    """Anything that slm-router raises on purpose. `str(error)` is safe to show to a caller."""


class InvalidRequest(RouterError):
    """The request cannot be understood. `param` is the field at fault, in OpenAI's dotted form."""

    def __init__(self, message: str, param: str | None = None) -> None:
        super().__init__(message)
        self.param = param


class BodyTooLarge(InvalidRequest):
    """The request's body exceeds the limit."""


class UnknownModel(InvalidRequest):
    """The request names a model that the catalog lacks."""


class UnknownPolicy(InvalidRequest):
    """The request names a policy that is not loaded."""


class UnknownDecision(InvalidRequest):
    """The request names a decision that the log does not hold."""


class UnknownAnswer(InvalidRequest):
    """The request goes on with an answer that no upstream is known to keep for its caller."""


class UnknownConversation(InvalidRequest):
    """The request goes on with a conversation of which it is not known who keeps it."""


class UnknownThread(InvalidRequest):
    """The request goes on with a thread that nobody is known to keep for its caller."""


class Unauthenticated(RouterError):
    """The caller showed no API key, or one that is not in force. The text never holds the key."""


class Forbidden(RouterError):
    """The caller may not do this."""


class Overloaded(RouterError):
    """The gateway serves as many requests as it can; `retry_after_s` is when to ask again."""

    def __init__(self, message: str, retry_after_s: float) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class CallerLeft(RouterError):
    """The caller closed the connection before it had its answer."""


class NoCandidate(RouterError):
    """No model may serve this request. `reasons` maps each model to what stands against it.

    `param` is the one field that keeps the request from being translated for them, if it does, and
    `why` says in a sentence what is wrong with it.
    """

    def __init__(self, reasons: Mapping[str, str], param: str | None = None, why: str = "") -> None:
        self.reasons = dict(reasons)
        self.param = param
        told = "; ".join(f"{model}: {reason}" for model, reason in self.reasons.items())
        cause = f"{why} " if why else ""
        told = told or "The catalog has none that converses."
        super().__init__(f"{cause}No model can serve this request. {told}")


class ModelsUnavailable(RouterError):
    """Models could serve this request, but all of them are out of order at the moment."""

    def __init__(self, reasons: Mapping[str, str], retry_after_s: float) -> None:
        self.reasons = dict(reasons)
        self.retry_after_s = retry_after_s
        told = "; ".join(f"{model}: {reason}" for model, reason in self.reasons.items())
        super().__init__(f"No model that could serve this request is available now. {told}")


class UpstreamError(RouterError):
    """An upstream did not answer as it should. Texts never hold its address or its key."""


class CircuitOpen(UpstreamError):
    """It was not called, for it keeps failing; `retry_after_s` is when to ask again."""

    def __init__(self, retry_after_s: float) -> None:
        super().__init__("The model is out of order at the moment.")
        self.retry_after_s = retry_after_s


class UpstreamUnreachable(UpstreamError):
    """No connection, or the connection broke before the first byte of an answer.

    `resent`: twice, first on a connection that had gone stale in the pool.
    """

    def __init__(self, message: str, resent: bool = False) -> None:
        super().__init__(message)
        self.resent = resent


class UpstreamTimeout(UpstreamError):
    """No answer within the time allowed."""


class UpstreamRefused(UpstreamError):
    """The upstream answered with a status that another model may not answer with (429, 5xx)."""

    def __init__(
        self, message: str, status: int, body: bytes = b"", headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(message)
        self.status = status
        self.body = body
        self.headers = dict(headers or {})


class RefusedInStream(UpstreamRefused):
    """The upstream promised a stream and refused the request in its first event."""


class UpstreamBroken(UpstreamError):
    """The answer stopped or lost its form after it had begun.

    `body` holds what the upstream itself said of it, if it did.
    """

    def __init__(self, message: str, body: bytes = b"") -> None:
        super().__init__(message)
        self.body = body


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong in a file; `line` and `column` count from 1."""

    file: str
    line: int
    column: int
    key: str
    expected: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}: {self.key}: {self.expected}"


class PolicyFileError(RouterError):
    """A policy or catalog file is wrong. `problems` holds all that was found, in file order.

    `files` are those that were read or looked for: mending the fault changes one of them.
    """

    def __init__(self, problems: Sequence[Problem], files: Sequence[str] = ()) -> None:
        self.problems = tuple(problems)
        self.files = tuple(files)
        super().__init__("\n".join(str(problem) for problem in self.problems))


class DecisionLogError(RouterError):
    """The decision log cannot be opened, read or written."""


class KeyStoreError(RouterError):
    """The API keys cannot be read or written, or there is no such key."""


class StartupError(RouterError):
    """The gateway cannot start. The text ends with what to do next."""
