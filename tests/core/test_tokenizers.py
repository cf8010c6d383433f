"""Which tokenizer a model has, by the name of its weights, and that the counts are true."""

import pytest

from router.core.tokenizers import _TOKENS, TEXTS, family_of


@pytest.mark.parametrize(
    ("model", "family"),
    [
        ("gpt-4o", "o200k"),
        ("azure/gpt-4o-mini-2024-07-18", "o200k"),
        ("ft:gpt-4o-mini:org::id", "o200k"),
        ("gpt-4.1-nano", "o200k"),
        ("gpt-5", "o200k"),
        ("openai/o3-mini", "o200k"),
        ("o1", "o200k"),
        ("openai/gpt-oss-20b", "o200k"),
        ("gpt-4", "cl100k"),
        ("gpt-4-1106-preview", "cl100k"),
        ("gpt-3.5-turbo", "cl100k"),
        ("text-embedding-3-small", "cl100k"),
        ("claude-2.1", "claude-2"),
        ("claude-instant-1.2", "claude-2"),
        ("llama3.1:8b", "llama-3"),
        ("meta-llama/Llama-3.3-70B-Instruct", "llama-3"),
        ("us.meta.llama3-1-8b-instruct-v1:0", "llama-3"),
        ("accounts/fireworks/models/llama-v3p1-8b-instruct", "llama-3"),
        ("meta-llama/Llama-4-Scout-17B-16E", "llama-4"),
        ("mistral", "mistral"),
        ("mistral:7b", "mistral"),
        ("mistralai/Mistral-7B-Instruct-v0.3", "mistral"),
        ("open-mixtral-8x7b", "mistral"),
        ("open-mistral-nemo", "tekken"),
        ("ministral-8b-latest", "tekken"),
        ("mistralai/Mistral-Small-24B-Instruct-2501", "tekken"),
        ("qwen2.5:3b", "qwen"),
        ("qwen2.5-coder:7b", "qwen"),
        ("Qwen/Qwen3-8B", "qwen"),
        ("deepseek/deepseek-chat", "deepseek"),
        ("deepseek-ai/DeepSeek-V3", "deepseek"),
        ("deepseek-r1-distill-llama-70b", "llama-3"),
        ("deepseek-ai/DeepSeek-R1-Distill-Qwen-7B", "qwen"),
    ],
)
def test_a_model_is_known_by_the_name_of_its_weights(model: str, family: str) -> None:
    found = family_of(model)
    assert found is not None and found.name == family


@pytest.mark.parametrize(
    "model",
    [
        "claude-3-5-haiku-latest",
        "claude-sonnet-4-5",
        "gemini-2.0-flash",
        "gemma3:4b",
        "llama2:7b",
        "codellama:7b",
        "phi3",
        "deepseek-r1:8b",
        "mistral-large-latest",
        "qwen3.5:9b",
        "qwen-max",
        "grok-4",
        "small",
        "",
    ],
)
def test_a_model_whose_tokenizer_is_not_known_is_in_no_family(model: str) -> None:
    assert family_of(model) is None


def test_openais_are_counted_again_on_the_same_texts() -> None:
    measure = pytest.importorskip("tests.benchmarks.measure_tokenizers")
    if not (measure.DATA / "prompts.parquet").is_file():
        pytest.skip("the training data is not beside this checkout")
    texts = measure.texts()["English"]
    assert len(texts) == TEXTS
    # Counted whole it takes seconds; a part of them shows the same within half a per cent.
    some = texts[::40]
    count, other = measure.openai("o200k_base"), measure.openai("cl100k_base")
    ratio = sum(map(count, some)) / sum(map(other, some))
    assert ratio == pytest.approx(_TOKENS["o200k"] / _TOKENS["cl100k"], rel=0.005)
