"""Tokenizers that are known before anything was counted: whose they are, and how fine they are.

Rule: two families are compared by what each made of the same texts. Who is in no family, because
its tokenizer is not published or its name says nothing, is known by measurement alone.
"""

import re

from msgspec import Struct

TEXTS = 9_618
"""How many texts each family counted: the English prompts of the training data, 1,327,905 tokens
by our own estimate. Counted by `python -m tests.benchmarks.measure_tokenizers`, which tells code
and other languages too."""

_TOKENS = {
    "o200k": 1_302_051,
    "cl100k": 1_310_231,
    "claude-2": 1_347_264,
    "llama-3": 1_309_270,
    "llama-4": 1_287_470,
    "mistral": 1_536_223,
    "tekken": 1_382_040,
    "qwen": 1_381_119,
    "deepseek": 1_293_283,
}

# The first that is found in a name decides. A name is that of the weights as far as it is known:
# `llama3.1:8b`, `meta-llama/Llama-3.1-8B-Instruct`, `azure/gpt-4o`, `ft:gpt-4o-mini:org::id`.
_PATTERNS = (
    (r"deepseek-r1-distill-llama", "llama-3"),
    (r"deepseek-r1-distill-qwen", "qwen"),
    (r"deepseek-(?:chat|reasoner|v3|v4|r1(?!:|-distill|-0528-qwen))", "deepseek"),
    (r"gpt-(?:4o|4\.1|4\.5|5|oss)|chatgpt-4o|o[134](?:-|$)", "o200k"),
    (r"gpt-(?:4(?![\d.])|3\.5)|text-embedding-(?:3-|ada-002)", "cl100k"),
    (r"claude-(?:2|instant)", "claude-2"),
    (r"llama-?v?4(?!\d)", "llama-4"),
    (r"llama-?v?3(?!\d)", "llama-3"),
    (r"mixtral|codestral-22b|(?:open-)?mistral(?:-7b|:7b|$|:latest)|mistral:", "mistral"),
    (
        r"mistral-(?:nemo|small3|small-24|small-3)|ministral|pixtral-12b|magistral|devstral",
        "tekken",
    ),
    (r"qwen-?(?:1\.5|2|3(?!\.))|qwq", "qwen"),
)


class Family(Struct, frozen=True):
    """A tokenizer, and how many tokens it made of the same texts as all the others."""

    name: str
    tokens: int


_FAMILIES = {name: Family(name, tokens) for name, tokens in _TOKENS.items()}


def family_of(model: str) -> Family | None:
    """The tokenizer of a model by the name of its weights; None where that is not known."""
    name = model.lower()
    for pattern, family in _PATTERNS:
        if re.search(rf"(?<![a-z])(?:{pattern})", name):
            return _FAMILIES[family]
    return None
