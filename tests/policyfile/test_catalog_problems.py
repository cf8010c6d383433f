"""Problems of the catalog, by their place, key and words."""

from pathlib import Path

import pytest

from tests.policyfile.reading import DEFAULT, HEAD, MODELS, one_problem


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ("upstream: here", "upstream: her", "5:21: models.small.upstream: unknown upstream her;"
         " did you mean here?"),
        ("upstream: here", "upstream: 3", '5:21: models.small.upstream: expected a text;'
         ' put it in quotes: "3"'),
        ("kind: openai_http", "kind: openai", "2:16: upstreams.here.kind: expected openai_http,"
         " litellm or simulated; did you mean openai_http?"),
        ('"http://127.0.0.1:11434/v1"', "localhost:11434", "2:39: upstreams.here.base_url:"
         " expected an address that begins with http:// or https://"),
        ('"http://127', '"http://me:secret@127', "2:39: upstreams.here.base_url: expected an"
         " address without a password; put it in api_key_env"),
        ("ANTHROPIC_API_KEY", "sk-ant-0123", "3:60: upstreams.there.api_key_env: expected the"
         " name of an environment variable such as OPENAI_API_KEY, not the key"),
        ("location: local", "location: here", "5:37: models.small.location:"
         " expected local or cloud"),
        ("quality: 0.6", "quality: 60", "5:53: models.small.quality: expected a number"
         " from 0 to 1, not 60"),
        ("quality: 0.6", "quality: good", "5:53: models.small.quality: expected a mapping"
         " (key: value) or a number"),
        ("quality: 0.6", "quality: {tasks: {code: 0.5}}", "5:53: models.small.quality.overall:"
         " required, expected a number from 0 to 1"),
        ("quality: 0.6", "quality: {overall: 1, tasks: {coding: 0.5}}", "5:74:"
         " models.small.quality.tasks.coding: unknown task coding; did you mean code?"),
        ("usd_per_hour: 0.02", "usd_per_hour: $0.02", "5:80: models.small.price.usd_per_hour:"
         " expected a number above 0 of at most 100000, without a currency; did you mean 0.02?"),
        ("usd_per_hour: 0.02", "usd_per_hour: 2e6", "5:80: models.small.price.usd_per_hour:"
         " expected a number above 0 of at most 100000, not 2e+06"),
        ("usd_per_hour: 0.02", "input_usd_per_mtok: 1e300, output_usd_per_mtok: 1", "5:86:"
         " models.small.price.input_usd_per_mtok: expected a number from 0 to 100000, not 1e+300"),
        ("usd_per_hour: 0.02", "input_usd_per_mtok: 1", "5:58: models.small.price: expected"
         " input_usd_per_mtok and output_usd_per_mtok together, or usd_per_hour"),
        ("quality: 0.9", "quality: 0.9, context_window: 8k", "6:75: models.large.context_window:"
         " expected a whole number above 0, without a suffix; did you mean 8000?"),
        ("quality: 0.9", "quality: 0.9, capabilities: [tool]", "6:74:"
         " models.large.capabilities[0]: expected tools, vision, json_schema, audio or files;"
         " did you mean tools?"),
        ("quality: 0.9", "quality: 0.9, speaks: [chat, images]", "6:74: models.large.speaks[1]:"
         " expected chat or embeddings: an upstream of kind litellm is asked through nothing else"),
        ("quality: 0.9", "quality: 0.9, specialises_in: {domains: [maths]}", "6:86:"
         " models.large.specialises_in.domains[0]: unknown domain maths; did you mean math?"),
    ],
)  # fmt: skip
def test_a_key_of_the_catalog(tmp_path: Path, before: str, after: str, expected: str) -> None:
    assert before in MODELS
    found = one_problem(tmp_path, HEAD + DEFAULT, MODELS.replace(before, after, 1))
    assert found == f"models.yaml:{expected}"


def test_a_key_written_into_the_file_is_not_repeated(tmp_path: Path) -> None:
    models = MODELS.replace("ANTHROPIC_API_KEY", "sk-ant-0123456789")
    assert "sk-ant" not in one_problem(tmp_path, HEAD + DEFAULT, models)
