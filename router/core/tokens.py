"""How many tokens a text is about, without any tokenizer.

The estimate leans high by design: it decides whether a request fits a context window, and it
prices a request before anyone has counted. The bill always uses the upstream's own count.
"""

ASCII_CHARACTERS_PER_TOKEN = 3.6
OTHER_BYTES_PER_TOKEN = 2.5
TOKENS_PER_IMAGE = 1_000
TOKENS_PER_MESSAGE = 4


def estimated_tokens(text: str) -> int:
    """About how many tokens `text` takes, in tokens.

    English prose is some 4.5 characters a token and code 3.3 in the GPT and Llama families. Other
    scripts are counted in bytes of UTF-8, which is what tokenizers see: Cyrillic takes two a
    letter, Chinese, Hindi and Korean three. Prose in nine languages came out between 0.95 and 1.6
    times what GPT-4's tokenizer counts (cl100k_base). What no tokenizer has learned (base64,
    hexadecimal, long rows of digits) takes two to three times as many as estimated.
    """
    if text.isascii():
        return round(len(text) / ASCII_CHARACTERS_PER_TOKEN)
    plain = len(text.encode("ascii", "ignore"))
    # Half a surrogate pair is no character, and JSON lets it through.
    other = len(text.encode("utf-8", "surrogatepass")) - plain
    return round(plain / ASCII_CHARACTERS_PER_TOKEN + other / OTHER_BYTES_PER_TOKEN)
