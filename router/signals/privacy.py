"""Whether the request holds private data: what kinds and how much, never the text itself.

`pii` (flag): any is there. `pii_count` (number): how many pieces.
`pii.email`, `pii.phone`, `pii.card`, `pii.iban`, `pii.secret`, `pii.national_id`,
`pii.ip_address` (numbers): how many of each kind; only those among `types`.

    signals:
      privacy: {types: [email, phone, card, iban, secret, national_id, ip_address]}

    rules:
      - name: private-stays-here
        when: {signal: pii, is: true}
        limits: {local_only: true}
        ...
      - name: no-keys-in-the-cloud
        when: {signal: pii.secret, above: 0}
        limits: {local_only: true}
        ...

Read is everything that would be sent: every turn, tool results and tool definitions, not only the
last turn. A text that takes longer than half a second (from some 400,000 digits on, or many
megabytes of prose) leaves these signals unknown. Option `types`: the kinds that count; the default
is all but `ip_address`, which logs and configuration files are full of.

`email`: e-mail addresses. `phone`: telephone numbers, with or without country code.
`card`: payment cards of a known issuer with a right Luhn digit. `iban`: bank accounts with right
check digits. `secret`: API keys and tokens of some forty makers, JSON web tokens, private keys,
passwords in web addresses or behind "password:". `national_id`: social security, tax and identity
numbers of the US, UK, Spain, France, Italy, Germany, Netherlands, Poland, Portugal, Belgium,
Switzerland, the Nordic countries, Canada, Australia, Brazil, Chile, Mexico, India, China, Korea,
South Africa and Turkey. Names and postal addresses are not looked for: that takes a language model.

The engines are phonenumbers and python-stdnum: offline, kept, validating. Measured on the PII
table of the project's shared data (presidio-research, 622 spans of these types) and on 12,796
benchmark prompts as negatives, beside presidio-analyzer 2.2's recognisers of the same types:

    recall           spans   here    presidio
    email               89   1.00    1.00
    phone              210   0.99    0.60
    card               224   1.00    0.89
    iban                34   1.00    0.97
    US SSN              54   1.00    1.00
    ip_address          11   1.00    1.00
    prompts flagged wrongly  0.03 %  0.3 %    (10 of the 12,796 do hold a number or an address)
    time a prompt            0.1 ms  1.5 ms

Presidio also brings 200 MB of spaCy and tries to reach publicsuffix.org when it sees an e-mail
address. What stands around telephone numbers was chosen with these tables in view, so expect a
little less on others. Secrets and most national ids have no table to be measured on: their tests
hold made-up and published specimens.
"""

import asyncio
import re
import unicodedata
from collections import Counter
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from router.core.request import RoutedRequest
from router.core.signals import Signals, SignalSpec, SignalValue, Vocabulary
from router.signals.private_data import LONGEST_SECONDS, Deadline, Glance, find

PrivateType = Literal["email", "phone", "card", "iban", "secret", "national_id", "ip_address"]

INLINE_CHARACTERS = 8_000
"""A longer text leaves the event loop even for the cheap look, which takes 0.015 ms a thousand."""


_WIDTHLESS = re.compile("[\u00ad\u200b-\u200f\u2060-\u2064\ufeff]")


class PrivacyOptions(BaseModel):
    """`types`: the kinds of private data that count."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    types: Annotated[tuple[PrivateType, ...], Field(min_length=1, strict=False)] = (
        "email",
        "phone",
        "card",
        "iban",
        "secret",
        "national_id",
    )


def vocabulary(options: PrivacyOptions) -> Vocabulary:
    """`pii`, `pii_count` and one number for each type that counts."""
    return {
        "pii": SignalSpec("flag", "the request holds private data"),
        "pii_count": SignalSpec("number", "how many pieces of private data it holds", low=0),
        **{
            f"pii.{name}": SignalSpec("number", f"how many pieces of the type {name}", low=0)
            for name in options.types
        },
    }


class PrivacySignal:
    """Yields `pii`, `pii_count` and `pii.<type>`."""

    def __init__(self, options: PrivacyOptions) -> None:
        self._types = options.types
        self._glance = Glance(options.types)
        self._none = self._counts(Counter())

    async def extract(self, request: RoutedRequest) -> Signals:
        """The counts. Only a text that passes a cheap look costs more, and that in a thread.

        Raises TooMuchToRead where the text, or the queue for a thread, is too long to look through
        the whole of it in time: what has not been looked at may be private.
        """
        told = self.at_once(request)
        if told is not None:
            return told
        text = _whole(request)
        found = await asyncio.to_thread(self._found, text, Deadline(LONGEST_SECONDS))
        return self._counts(found)

    def at_once(self, request: RoutedRequest) -> Signals | None:
        """The counts where a cheap look rules private data out, else None."""
        text = _whole(request)
        if len(text) > INLINE_CHARACTERS or self._glance.may_hold(_plain(text)):
            return None
        return self._none

    def _found(self, text: str, deadline: Deadline) -> Counter[str]:
        return Counter(span.type for span in find(_plain(text), self._types, deadline))

    def _counts(self, found: Counter[str]) -> Signals:
        counts: dict[str, SignalValue] = {f"pii.{name}": found[name] for name in self._types}
        return {"pii": found.total() > 0, "pii_count": found.total(), **counts}


def _whole(request: RoutedRequest) -> str:
    return f"{request.text}\n{request.attached}"


def _plain(text: str) -> str:
    """The text as it is read: full-width digits are digits, and what has no width is not there."""
    if text.isascii():
        return text
    return unicodedata.normalize("NFKC", _WIDTHLESS.sub("", text))
