"""A real OpenAI-compatible server that is not ours as upstream: `transformers serve`, on a tiny
model made on the spot."""

import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import openai
import pytest

from tests.fakes.process import free_port, running_gateway

START_S = 120.0


def make_tiny_model(directory: Path) -> None:
    """A Llama of some 100,000 random weights with a byte-level tokenizer: it babbles."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers
    from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    vocabulary = {token: i for i, token in enumerate(["<s>", "</s>", *alphabet])}
    tokenizer = Tokenizer(models.BPE(vocab=vocabulary, merges=[]))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    made: Any = PreTrainedTokenizerFast  # transformers does not say what its call takes
    fast = made(tokenizer_object=tokenizer, bos_token="<s>", eos_token="</s>", pad_token="</s>")
    fast.chat_template = (
        "{% for m in messages %}{{ m['role'] }}: {{ m['content'] }}\n{% endfor %}assistant:"
    )
    fast.save_pretrained(directory)
    config = LlamaConfig(
        vocab_size=len(vocabulary),
        hidden_size=32,
        intermediate_size=64,
        num_hidden_layers=2,
        num_attention_heads=2,
        max_position_embeddings=512,
        bos_token_id=0,
        eos_token_id=1,
    )
    LlamaForCausalLM(config).save_pretrained(directory)


@pytest.fixture(scope="module")
def transformers_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    directory = tmp_path_factory.mktemp("server")
    model = directory / "tiny-llama"
    make_tiny_model(model)
    port = free_port()
    command = Path(sys.executable).with_name("transformers")
    with (directory / "output.txt").open("wb") as output:
        process = subprocess.Popen(
            [str(command), "serve", "--host", "127.0.0.1", "--port", str(port), "--device", "cpu"],
            stdout=output,
            stderr=subprocess.STDOUT,
            env={**os.environ, "HF_HUB_OFFLINE": "1", "TRANSFORMERS_OFFLINE": "1"},
        )
    try:
        wait_for(f"http://127.0.0.1:{port}/health", process, directory / "output.txt")
        yield f"http://127.0.0.1:{port}/v1", model
    finally:
        process.terminate()
        process.wait(30)


def wait_for(url: str, process: subprocess.Popen[bytes], output: Path) -> None:
    deadline = time.monotonic() + START_S
    while time.monotonic() < deadline:
        if process.poll() is not None:
            break
        try:
            with urllib.request.urlopen(url, timeout=5):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.2)
    raise AssertionError(f"transformers serve did not start:\n{output.read_text()}")


@pytest.fixture(scope="module")
def client(
    transformers_server: tuple[str, Path], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[openai.OpenAI]:
    url, model = transformers_server
    directory = tmp_path_factory.mktemp("gateway")
    policy = directory / "policy.yaml"
    policy.write_text(
        f"""
name: default
upstreams:
  transformers: {{kind: openai_http, base_url: "{url}"}}
models:
  tiny:
    upstream: transformers
    upstream_model: "{model}"
    location: local
    quality: 0.5
    context_window: 512
    price: {{usd_per_hour: 0.1}}
default:
  strategy: {{kind: best_quality}}
"""
    )
    with running_gateway(directory / "state", "--policy", str(policy)) as gateway:
        yield openai.OpenAI(base_url=f"{gateway.url}/v1", api_key="unused", max_retries=0)


def test_a_plain_answer_comes_through(client: openai.OpenAI) -> None:
    raw = client.chat.completions.with_raw_response.create(
        model="auto", messages=[{"role": "user", "content": "Hi"}], max_tokens=8
    )

    assert raw.headers["x-slm-router-model"] == "tiny"
    assert "x-slm-router-simulated" not in raw.headers
    assert raw.parse().choices[0].message.role == "assistant"


def test_a_streamed_answer_comes_through(client: openai.OpenAI) -> None:
    chunks = list(
        client.chat.completions.create(
            model="auto", messages=[{"role": "user", "content": "Hi"}], max_tokens=8, stream=True
        )
    )

    finishes = [choice.finish_reason for chunk in chunks for choice in chunk.choices]
    assert finishes[-1] in ("length", "stop")
