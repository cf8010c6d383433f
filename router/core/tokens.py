"""How many tokens a text is about, without any tokenizer.

The estimate errs high by design: it decides whether a request fits a context window, and it
prices a request before anyone has counted. The bill always uses the upstream's own count.
"""

ASCII_CHARACTERS_PER_TOKEN = 3.6
OTHER_CHARACTERS_PER_TOKEN = 1.4
TOKENS_PER_IMAGE = 1_000
TOKENS_PER_MESSAGE = 4


def estimated_tokens(text: str) -> int:
    """About how many tokens `text` takes, in tokens.

    English prose is some 4.5 characters a token and code 3.3 in the GPT and Llama families;
    Chinese, Cyrillic and other scripts take one to two characters a token.
    """
    plain = len(text.encode("ascii", "ignore"))
    other = len(text) - plain
    return round(plain / ASCII_CHARACTERS_PER_TOKEN + other / OTHER_CHARACTERS_PER_TOKEN)
