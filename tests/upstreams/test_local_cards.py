"""local_cards: size, speed, quality and capabilities by name, each on the cautious side."""

import pytest

from router.core.catalog import ModelCard
from router.upstreams.local_cards import DEFAULT_BILLIONS, LOCAL_USD_PER_HOUR, LocalModel


def card(name: str, server: str = "ollama") -> ModelCard:
    return ModelCard.model_validate(LocalModel(name, server).card("it"))


@pytest.mark.parametrize(
    ("name", "billions"),
    [
        ("llama3.1:8b", 8),
        ("Qwen2.5-0.5B-Instruct", 0.5),
        ("qwen2.5-coder:1.5b-instruct-q4_K_M", 1.5),
        ("mixtral-8x7b-instruct", 56),
        ("Qwen3-30B-A3B", 30),
        ("gemma3n:e4b", 4),
        ("smollm2:360m", 0.36),
        ("llama3.3:latest", 70),
        ("phi4:latest", 14),
        ("some-finetune", DEFAULT_BILLIONS),
        ("gpt-oss:120b", 120),
        ("v2b-preview", DEFAULT_BILLIONS),
    ],
)
def test_the_size_stands_in_the_name(name: str, billions: float) -> None:
    assert LocalModel(name, "ollama").billions == pytest.approx(billions)


def test_a_larger_model_is_thought_better_and_slower() -> None:
    cards = [card(f"llama-{size}b") for size in (1, 3, 8, 14, 32, 70, 405)]
    qualities = [c.quality.overall for c in cards]
    speeds = [c.latency.tokens_per_second for c in cards]
    assert qualities == sorted(set(qualities))
    assert speeds == sorted(speeds, reverse=True)


def test_a_mixture_of_experts_is_as_good_as_its_size_and_as_fast_as_its_active_part() -> None:
    mixture, dense = card("Qwen3-30B-A3B"), card("qwen3-32b")
    assert mixture.quality.overall == dense.quality.overall
    assert mixture.latency.tokens_per_second > 5 * dense.latency.tokens_per_second


def test_no_local_model_is_free() -> None:
    price = card("llama3.1:8b").price
    assert price is not None
    assert price.usd_per_hour == LOCAL_USD_PER_HOUR


@pytest.mark.parametrize(
    ("name", "domain", "task"),
    [
        ("qwen2.5-coder:7b", "computer science", "code"),
        ("codestral:22b", "computer science", "code"),
        ("deepseek-coder-6.7b", "computer science", "code"),
        ("mathstral:7b", "math", "maths"),
        ("meditron:7b", "health", None),
        ("saul-7b-instruct", "law", None),
    ],
)
def test_a_specialist_is_known_by_its_name(name: str, domain: str, task: str | None) -> None:
    made = card(name)
    assert made.specialises_in.domains == (domain,)
    assert made.specialises_in.tasks == ((task,) if task else ())
    assert made.quality.domains[domain] > made.quality.overall


@pytest.mark.parametrize("name", ["llama3.1:8b", "decoder-free-7b", "gemma3:4b"])
def test_a_generalist_claims_no_speciality(name: str) -> None:
    assert card(name).specialises_in.domains == ()


@pytest.mark.parametrize(
    ("name", "server", "tools"),
    [
        ("llama3.1:8b", "ollama", True),
        ("qwen2.5-7b", "lm-studio", True),
        ("llama-3.1-8b", "vllm", False),
        ("llama2:7b", "ollama", False),
        ("tinyllama:1.1b", "ollama", False),
    ],
)
def test_tools_are_assumed_of_known_families_on_servers_that_need_no_switch(
    name: str, server: str, tools: bool
) -> None:
    assert ("tools" in (card(name, server).capabilities or ())) is tools


@pytest.mark.parametrize(
    ("name", "vision"),
    [("llava:7b", True), ("qwen2.5-vl:7b", True), ("gemma3:4b", True), ("llama3.1:8b", False)],
)
def test_vision_is_assumed_by_name(name: str, vision: bool) -> None:
    assert ("vision" in (card(name).capabilities or ())) is vision


@pytest.mark.parametrize(
    ("name", "endpoint"),
    [
        ("text-embedding-nomic", "embeddings"),
        ("bge-m3", "embeddings"),
        ("snowflake-arctic-embed", "embeddings"),
        ("all-minilm", "embeddings"),
        ("BAAI/bge-reranker-v2-m3", None),
        ("llama-guard3:8b", None),
        ("whisper-large-v3", None),
        ("llama3.1:8b", "chat"),
        ("mistral", "chat"),
        ("Hermes-3-Llama-3.1-8B", "chat"),
    ],
)
def test_what_a_model_is_made_for_is_recognised(name: str, endpoint: str | None) -> None:
    assert LocalModel(name, "ollama").made_for == endpoint


@pytest.mark.parametrize("server", ["vllm", "llama-cpp"])
def test_rerankers_are_asked_where_there_is_an_endpoint_for_them(server: str) -> None:
    assert LocalModel("BAAI/bge-reranker-v2-m3", server).made_for == "rerank"


@pytest.mark.parametrize(("server", "window"), [("vllm", 32_768), ("ollama", None)])
def test_an_embedder_has_the_window_that_its_server_tells(server: str, window: int | None) -> None:
    card = LocalModel("bge-m3", server, 32_768).card(server)
    assert card.get("context_window") == window


def test_a_model_that_is_made_for_nothing_here_has_no_card() -> None:
    with pytest.raises(ValueError, match="whisper is made for"):
        LocalModel("whisper", "ollama").card("ollama")
