"""Addresses: of people (e-mail) and of machines (IP)."""

import ipaddress
import re
from collections.abc import Iterator

from router.signals.private_data.deadline import Deadline

# The ends of what stands around an "@": the whole is assembled from there, so that the work is
# bounded by the number of "@" and not by the length of what precedes them.
_AT = re.compile(r"(?<=[\w%+'-])@(?=\w)")
_LOCAL = re.compile(r"[\w.%+'-]{1,64}\Z")
_DOMAIN = re.compile(r"(?:[^\W_](?:[\w-]{0,61}[^\W_])?\.){1,8}[^\W\d_]{2,24}(?![\w])")
_LONGEST_LOCAL, _LONGEST_DOMAIN = 64, 255
_IP4 = re.compile(r"(?<![\w.])\d{1,3}(?:\.\d{1,3}){3}(?![\w]|\.\d)")
_IP6 = re.compile(r"(?<![\w:.])[0-9A-Fa-f]{0,4}(?::[0-9A-Fa-f]{0,4}){2,7}(?![\w:])")
_REMOTE_USERS = frozenset({"git", "hg"})


def may_hold_email(text: str) -> bool:
    """False when no e-mail address can be there."""
    return "@" in text


def find_emails(text: str, deadline: Deadline) -> Iterator[tuple[int, int]]:
    """E-mail addresses, international ones too; `git@host` is a repository, not a person."""
    for at in deadline.over(_AT.finditer(text)):
        place = at.start()
        local = _LOCAL.search(text[max(0, place - _LONGEST_LOCAL) : place])
        domain = _DOMAIN.match(text, place + 1, place + 1 + _LONGEST_DOMAIN)
        if local is None or domain is None or local[0] in _REMOTE_USERS:
            continue
        quote = len(local[0]) - len(local[0].lstrip("'.-"))
        yield place - len(local[0]) + quote, domain.end()


def may_hold_ip(text: str) -> bool:
    """False when no IP address can be there."""
    return text.count(".") >= 3 or text.count(":") >= 2


def find_ips(text: str, deadline: Deadline) -> Iterator[tuple[int, int]]:
    """Addresses of version 4 and 6 that could name somebody's machine: no loopback, no 0.0.0.0."""
    for pattern in (_IP4, _IP6):
        for match in deadline.over(pattern.finditer(text)):
            if _names_a_machine(match[0]):
                yield match.span()


def _names_a_machine(text: str) -> bool:
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return False
    return not (address.is_loopback or address.is_unspecified or address.is_multicast)
