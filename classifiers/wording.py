"""What a prompt asks once its courtesies are taken off: greetings, thanks, "could you please".

They change nothing of what is asked, so they must not change who answers. What is left is never
empty: a greeting that is the whole prompt stays. Letters keep their case here.
"""

from __future__ import annotations

import re
from functools import cache
from typing import NamedTuple

import regex

GREETINGS = r"""
hi there|hi|hello there|hello|hey there|hey|greetings|good (?:morning|afternoon|evening|day)
|dear (?:assistant|ai|sir or madam|all|friend|chatgpt)
|hola|buenos días|buenas tardes|bonjour|bonsoir|salut|hallo|guten (?:tag|morgen|abend)
|ciao|buongiorno|olá|oi|bom dia|boa tarde|привет|здравствуйте|добрый день
|你好|您好|こんにちは|안녕하세요
"""
_END = r"(?=\s*(?:[.!?:;,\n]|$))"  # "help me with this." is a courtesy, "... this integral" is not
REQUESTS = rf"""
(?:could|can|would|will) (?:you|someone|anyone)(?: please| kindly| possibly| maybe)?
(?:(?: help(?: me)?(?: out)?(?: with)?| answer| look at| consider)
 (?:this|the following|something|a question|my question)(?: question| problem| one)?
(?: for me)?(?:,? please)?{_END})?
|(?:help me with|answer|consider|look at) (?:this|the following)(?: question| problem| one)?
(?: for me)?{_END}
|i (?:have|had|got) (?:a|another|one|this) (?:quick |small |short |simple )?question
(?: for you)?{_END}
|(?:just )?(?:a )?quick question
|i (?:need|want|could use|would like|'d like)(?: some| your| a little| a bit of)?
 (?:help|assistance)(?: (?:with|on) (?:this|the following|something|a question))?{_END}
|i(?: would|'d) (?:be (?:very |so |really )?grateful|appreciate it)(?: for your help)?
(?: if you (?:could|would)(?: please)?)?
|i (?:was|am|'m) (?:just )?(?:wondering|curious)(?: about (?:this|the following)(?: one)?{_END})?
|if (?:it is|it's|that is|that's) (?:not too much trouble|okay|ok|possible|alright)
|if you (?:don't|do not) mind|(?:if|when) you have (?:a|some) (?:moment|minute|time)
|here is my question|my question is|please|pls|plz|kindly
|por favor|s'il (?:vous|te) plaît|bitte|per favore|пожалуйста|请问|请|お願いします
"""
THANKS = r"""
(?:and |so )?(?:many |much )?(?:thank you|thanks|thx|ty)(?: (?:so|very) much| a lot| a million
|,? in advance| again| kindly| for (?:your|the|any|all)(?: your)? (?:help|time|assistance|answer)
|,? (?:have|and have) a (?:nice|great|good) day)*
|(?:any|your) help (?:is|would be) (?:much |greatly |very )?appreciated
|i(?: would|'d)? (?:really |greatly |much )?appreciate (?:it|your help|any help)
|have a (?:nice|great|good) day|cheers|(?:best|kind) regards
|looking forward to your (?:answer|reply)
|please|pls|plz|muchas gracias|gracias|merci(?: beaucoup| d'avance)?|danke(?: schön| im voraus)?
|vielen dank(?: im voraus)?|grazie(?: mille)?|obrigado|obrigada|спасибо(?: большое| заранее)?
|谢谢(?:你|您)?
"""
_MARKS = " \t\r\n,.!:;?-–—。，！？：…"  # noqa: RUF001
_BOUNDS = ".!?,;:。！？，\n"  # noqa: RUF001
_MOST = 240
"""Characters looked at on either side: whoever writes more than that has begun to ask."""
_CLAUSES = 4  # of thanks at the end; more are no courtesy
_LONGEST = 16
"""Letters; no word of a courtesy has more."""
_WORD = re.compile("[a-z]+")
_LAST_WORD = re.compile(r"[a-z]+\Z")


class _Patterns(NamedTuple):
    """What is taken off, and by which word it can be told that nothing is.

    Attributes:
        begins, thanks: of all courtesies at the beginning, and of a whole clause of thanks.
        first, last: the English letters that a text may begin with where `begins` matches, and a
            clause end with where `thanks` does.
    """

    begins: regex.Pattern[str]
    thanks: regex.Pattern[str]
    first: frozenset[str]
    last: frozenset[str]


def without_courtesies(text: str) -> str:
    """Return the text without the courtesies that it begins and ends with.

    The text as it is where nothing else would be left.
    """
    patterns = _patterns()
    left = _without_first(text, patterns)
    for _ in range(_CLAUSES):
        left, before = _without_last(left, patterns), left
        if left is before:
            break
    return left if left is text or any(map(str.isalnum, left)) else text


def _without_first(text: str, patterns: _Patterns) -> str:
    opening = text.lstrip()[:_LONGEST]
    if opening.isascii():
        # Most prompts open otherwise, and a look at one word is a tenth of the pattern's work.
        word = _WORD.match(opening.lower())
        if word is None or word[0] not in patterns.first:
            return text
    head = patterns.begins.match(text, endpos=_MOST)
    return text if head is None else text[head.end() :]


def _without_last(text: str, patterns: _Patterns) -> str:
    """Return the text without its last clause if that is thanks, else the text itself."""
    tail = text[-_MOST:].rstrip(_MARKS)
    closing = tail[-_LONGEST:]
    if closing.isascii():
        word = _LAST_WORD.search(closing.lower())
        if word is None or word[0] not in patterns.last:
            return text
    place = max(map(tail.rfind, _BOUNDS))
    if place < 0 or patterns.thanks.fullmatch(tail[place + 1 :].strip()) is None:
        return text
    return text[: max(len(text) - _MOST, 0)] + tail[: place + 1].rstrip(" \t\r\n,;")


@cache
def _patterns() -> _Patterns:
    greeting, request, thanks = (_one(words) for words in (GREETINGS, REQUESTS, THANKS))
    flags = regex.IGNORECASE | regex.V1
    marks = regex.escape(_MARKS, special_only=False)
    begins = regex.compile(rf"\s*(?:(?:{greeting}|{request}|{thanks})(?!\w)[{marks}]*)+", flags)
    words = set(_WORD.findall(f"{greeting} {request} {thanks}"))
    first = frozenset(word for word in words if begins.match(word, partial=True))
    # Read backwards: what may stand in front of the word is left open.
    backwards = regex.compile(rf"(?r)(?:{thanks})", flags)
    last = frozenset(word for word in words if backwards.fullmatch(word, partial=True))
    return _Patterns(begins, regex.compile(rf"(?:{thanks})", flags), first, last)


def _one(words: str) -> str:
    return words.strip().replace("\n", "")
