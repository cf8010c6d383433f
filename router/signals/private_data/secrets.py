"""Secrets: keys and tokens that their makers gave a form to be known by, and private keys.

The forms are those that the makers document and that GitHub's secret scanning lists. No entropy
guesses: a hash or an identifier in a log is no secret. detect-secrets 1.5 (the last one, of May
2024) was read and left out: its patterns know no key of Anthropic, Google, Hugging Face or Groq,
and its plugins hold code that asks the maker's server whether a key works.
"""

import re
from collections.abc import Iterator

from router.signals.private_data.deadline import Deadline

_FORMS = (
    # OpenAI, Anthropic, OpenRouter, Langfuse, DeepSeek
    r"sk-(?:proj-|svcacct-|admin-|ant-[a-z0-9]{2,10}-|or-v1-|lf-)?[A-Za-z0-9_-]{20,250}",
    # slm-router's own (router/keyring.py)
    r"slm-[A-Za-z0-9]{43}(?![A-Za-z0-9])",
    # Amazon Web Services
    r"(?:A3T[A-Z0-9]|AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{16}(?![A-Za-z0-9])",
    # GitHub, GitLab
    r"gh[pousr]_[A-Za-z0-9]{36,255}|github_pat_[A-Za-z0-9_]{22,255}|glpat-[A-Za-z0-9_-]{20,64}",
    # Slack
    r"xox[abposre]-[A-Za-z0-9-]{10,255}|xapp-\d-[A-Za-z0-9-]{10,255}",
    r"hooks\.slack\.com/services/T\w{6,16}/B\w{6,16}/\w{16,32}",
    # Google
    r"AIza[A-Za-z0-9_-]{35}|ya29\.[A-Za-z0-9_-]{20,255}|GOCSPX-[A-Za-z0-9_-]{28}",
    # Stripe
    r"(?:sk|rk)_(?:live|test)_[A-Za-z0-9]{16,255}|whsec_[A-Za-z0-9]{24,64}",
    # Hugging Face, Groq, Replicate, Perplexity, xAI, NVIDIA
    r"hf_[A-Za-z0-9]{30,40}|gsk_[A-Za-z0-9]{40,64}|r8_[A-Za-z0-9]{37}|pplx-[A-Za-z0-9]{40,64}",
    r"xai-[A-Za-z0-9]{60,100}|nvapi-[A-Za-z0-9_-]{40,80}",
    # npm, PyPI, Docker
    r"npm_[A-Za-z0-9]{36}|pypi-AgE[A-Za-z0-9_-]{50,255}|dckr_pat_[A-Za-z0-9_-]{20,40}",
    # SendGrid, Mailgun, Twilio
    r"SG\.[A-Za-z0-9_-]{16,32}\.[A-Za-z0-9_-]{32,64}|key-[0-9a-f]{32}|(?:SK|AC)[0-9a-f]{32}",
    # Shopify, DigitalOcean, HashiCorp Vault, Databricks
    r"shp(?:at|ca|pa|ss)_[0-9a-fA-F]{32}|do[opr]_v1_[0-9a-f]{64}|hvs\.[A-Za-z0-9_-]{24,255}",
    r"dapi[0-9a-f]{32}",
    # Linear, Notion, Postman, age
    r"lin_api_[A-Za-z0-9]{40}|secret_[A-Za-z0-9]{43}|ntn_[A-Za-z0-9]{40,50}",
    r"PMAK-[0-9a-f]{24}-[0-9a-f]{34}|AGE-SECRET-KEY-1[A-Z0-9]{58}",
    # Telegram, JSON Web Token, Azure storage
    r"\d{8,10}:AA[A-Za-z0-9_-]{33}",
    r"eyJ[A-Za-z0-9_-]{8,4096}\.eyJ[A-Za-z0-9_-]{8,8192}\.[A-Za-z0-9_-]{0,1024}",
    r"AccountKey=[A-Za-z0-9+/]{86}==",
)
_TOKEN = re.compile(r"(?<![A-Za-z0-9_/+-])(?:" + "|".join(_FORMS) + ")")
_PRIVATE_KEY = re.compile(
    r"-----BEGIN (?:[A-Z0-9]{2,10} ){0,3}PRIVATE KEY(?: BLOCK)?-----"
    r"(?:[^-]{0,10000}-----END[^\n]{0,60})?"
)
_IN_ADDRESS = re.compile(r"(?<![a-z0-9])[a-z][a-z0-9+.-]{1,20}://[^\s:/@]{0,64}:[^\s/@]{3,128}@")
# "password: ..." and its like: what follows must look like a password, not like a word of prose.
_ASSIGNED = re.compile(
    r"(?<![A-Za-z])(?:pass(?:word|wd|phrase)|pwd|secret(?:[_ -]?key)?|api[_ -]?key|access[_ -]?key"
    r"|(?:auth|access|bearer)[_ -]?token|client[_ -]?secret|aws_secret_access_key)"
    r"['\"]?(?: is)?\s{0,3}[:=]\s{0,3}['\"]?"
    r"(?P<value>(?=[^\s'\",;]{0,63}\d)(?=[^\s'\",;]{0,63}[A-Za-z])[^\s'\",;(){}<>\[\]$]{8,128})",
    re.IGNORECASE,
)
_BEARER = re.compile(r"\b[Bb]earer (?P<value>[A-Za-z0-9._~+/-]{20,4096}=*)")
# What the patterns need to find anything. Looking for plain strings costs a fraction of a pattern.
_TOKEN_MARKS = (
    *(
        "slm-",
        "sk-",
        "sk_",
        "rk_",
        "A3T",
        "AKIA",
        "ASIA",
        "ABIA",
        "ACCA",
        "ghp_",
        "gho_",
        "ghu_",
        "ghs_",
    ),
    *("ghr_", "github_pat", "glpat-", "xox", "xapp-", "hooks.slack", "AIza", "ya29.", "GOCSPX"),
    *("whsec_", "hf_", "gsk_", "r8_", "pplx-", "xai-", "nvapi-", "npm_", "pypi-", "dckr_", "SG."),
    *("key-", "SK", "AC", "shpat", "shpca", "shppa", "shpss", "_v1_", "hvs.", "dapi", "lin_api_"),
    *("secret_", "ntn_", "PMAK-", "AGE-SEC", ":AA", "eyJ", "AccountKey="),
)
_NAMES = ("pass", "pwd", "secret", "key", "token")


_OF_TOKENS = bytes(
    byte < 128 and (chr(byte).isalnum() or chr(byte) in "_-+/") for byte in range(256)
)
_LONG = bytes([True]) * 15


def may_hold(text: str) -> bool:
    """False when no secret can be there."""
    return any(True for _ in _patterns(text))


def may_be_among(text: str, utf8: bytes, has_digit: bool) -> bool:
    """False when no secret can be there, at a tenth of the price of `may_hold`.

    A token is fifteen characters long without a break, or has a second part that begins as the
    first did; what is assigned to a password holds a digit.
    """
    return (
        (_is_token_like(text, utf8) and _has_mark(text))
        or "PRIVATE KEY" in text
        or "earer " in text
        or ("@" in text and "://" in text)
        or (has_digit and _may_assign(text))
    )


def _is_token_like(text: str, utf8: bytes) -> bool:
    # The last two forms may hold letters and digits of any script.
    return (
        _LONG in utf8.translate(_OF_TOKENS)
        or ".eyJ" in text
        or (not text.isascii() and ("hooks.slack" in text or "xapp-" in text))
    )


def find(text: str, deadline: Deadline) -> Iterator[tuple[int, int]]:
    """Keys, tokens, private keys, passwords in web addresses and behind "password:"."""
    for pattern in _patterns(text):
        for match in deadline.over(pattern.finditer(text)):
            yield match.span("value" if "value" in pattern.groupindex else 0)


def _patterns(text: str) -> "Iterator[re.Pattern[str]]":
    """The patterns that could find something."""
    if "PRIVATE KEY" in text:
        yield _PRIVATE_KEY
    if _has_mark(text):
        yield _TOKEN
    if "://" in text and "@" in text:
        yield _IN_ADDRESS
    if "earer " in text:
        yield _BEARER
    if _may_assign(text):
        yield _ASSIGNED


def _has_mark(text: str) -> bool:
    return any(mark in text for mark in _TOKEN_MARKS)


def _may_assign(text: str) -> bool:
    if ":" not in text and "=" not in text:
        return False
    lower = text.lower()
    return any(name in lower for name in _NAMES)
