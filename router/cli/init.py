"""`slm-router init`: write the models found on this machine as one commented policy file to edit.

Rule: every assumption stands in the file with where it comes from; a key never does.
"""

import argparse
import asyncio
import os
import re
from collections.abc import Iterator
from pathlib import Path

from router.core.catalog import (
    DEFAULT_OUTPUT_TOKENS,
    Catalog,
    LiteLLMSpec,
    ModelCard,
    OpenAIHTTPSpec,
    SimulatedSpec,
)
from router.errors import StartupError
from router.prices import bundled
from router.upstreams.discovery import Discovery, discover

DEFAULT_OUTPUT = Path("slm-router.yaml")
_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9_./-]*")
_NOT_TEXT = frozenset({"true", "false", "yes", "no", "on", "off", "null", "y", "n"})

_HEAD = """\
# Written by `slm-router init` from what was found on this machine. Yours to edit.
# Check it with `slm-router policy validate {path}`; a running gateway takes it up when saved.
# Keys stay in the environment: only the names of their variables stand here.

name: default
description: The cheapest model that is good enough; private data stays local.

# What savings are counted against; left out: the model of the highest quality.
# baseline: {baseline}
"""

_RULES = """
# The first rule that holds decides; if none holds, `default` does.
rules:
  # Personal data, card numbers, keys: never to a cloud, whatever the quality. Where no local
  # model can serve, the request is refused with the reason.
  - name: private-data
    when: {signal: pii, is: true}
    limits: {local_only: true}
    strategy: {kind: best_quality}

  # Another language or subject than the classifier knows, unless the request's outer shape alone
  # says that it is easy: a greeting is one in any language.
  - name: strange-ground
    when: {all: [{signal: abstain, is: true}], none: [{signal: difficulty, below: -0.7}]}
    strategy: {kind: best_quality}

  # Errors of an agent add up over its steps, so it gets more than the bare minimum.
  - name: agents
    when: {any: [{signal: has_tools, is: true}, {signal: tool_loop, is: true}]}
    strategy: {kind: cheapest_good_enough, min_quality: 0.8}

  # Work that can be wrong in a way that is noticed late.
  - name: exacting
    when: {signal: task, in: [code, maths, reasoning, planning]}
    strategy: {kind: cheapest_good_enough, min_quality: 0.75, within: 0.2}
    prefer_specialists: true

# Good enough: min_quality is reached, or the best model is not expected to do better by more than
# `within`. Raise the one and lower the other for better answers, the other way for cheaper ones.
default:
  strategy: {kind: cheapest_good_enough, min_quality: 0.7, within: 0.2}
  prefer_specialists: true
"""

_MODELS = """
# `quality` is the prior probability of a good answer to an average request of yours. How the
# models compare matters more than the numbers. All of them here are ASSUMPTIONS after the order
# of public benchmarks, for local models by the size in their name; so are the latencies, which
# count only until they have been measured. Replace them by what you see.
models:"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument(
        "--output", type=Path, default=DEFAULT_OUTPUT, help=f"file to write ({DEFAULT_OUTPUT})"
    )
    parser.add_argument("--force", action="store_true", help="overwrite the file if it exists")


def run(arguments: argparse.Namespace) -> int:
    """Look at this machine, write the file, say what comes next. Raises StartupError."""
    path: Path = arguments.output
    discovery = asyncio.run(discover(os.environ))
    text = policy_text(discovery, path)
    try:
        with path.open("w" if arguments.force else "x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        again = f"slm-router init --force --output {path}"
        raise StartupError(f"{path} exists already. Overwrite it with: {again}") from None
    except OSError as error:
        told = f"{path} cannot be written: {error.strerror}. Name another file with --output."
        raise StartupError(told) from None
    for note in discovery.notes:
        print(note)
    if discovery.simulated:
        print("Found no model server and no provider key: the file holds simulated models.")
    print(f"Wrote {path} with {len(discovery.catalog.models)} models. Next:")
    print(f"  slm-router policy validate {path}")
    print(f"  slm-router serve --policy {path}")
    return 0


def policy_text(discovery: Discovery, path: Path) -> str:
    """The file: a policy with its catalog inline."""
    catalog = discovery.catalog
    best = max(catalog.conversing, key=lambda name: catalog.models[name].quality.overall)
    parts = [_HEAD.format(path=path, baseline=scalar(best)), _RULES]
    parts.append("\n# Where models are reached.\nupstreams:\n")
    for name, spec in catalog.upstreams.items():
        parts.append("".join(f"{line}\n" for line in _upstream(name, spec)))
    parts.append(_MODELS + "\n")
    parts += ("".join(f"{line}\n" for line in _model(name, catalog)) for name in catalog.models)
    return "".join(parts)


def _upstream(name: str, spec: OpenAIHTTPSpec | LiteLLMSpec | SimulatedSpec) -> Iterator[str]:
    yield f"  {scalar(name)}:"
    yield f"    kind: {spec.kind}"
    match spec:
        case SimulatedSpec():
            yield f"    first_token: {duration(spec.first_token)}"
            yield f"    tokens_per_second: {spec.tokens_per_second:.1f}"
            return
        case OpenAIHTTPSpec():
            yield f"    base_url: {scalar(spec.base_url)}"
            if spec.speaks != ("chat",):
                yield f"    speaks: [{', '.join(spec.speaks)}]"
        case LiteLLMSpec():
            yield f"    provider: {scalar(spec.provider)}"
    if spec.api_key_env:
        yield f"    api_key_env: {spec.api_key_env} # the variable's name, never the key"
    yield f"    first_byte_timeout: {duration(spec.first_byte_timeout)}"


def _model(name: str, catalog: Catalog) -> Iterator[str]:
    card, simulated = catalog.models[name], catalog.upstream_of(name).kind == "simulated"
    yield f"  {scalar(name)}:"
    yield f"    upstream: {scalar(card.upstream)}"
    if card.upstream_model not in (None, name):
        yield f"    upstream_model: {scalar(str(card.upstream_model))} # its name there"
    yield f"    location: {card.location}"
    if card.speaks is not None:
        yield f"    speaks: [{', '.join(card.speaks)}] # by name: it is never chosen"
    yield from _specialities(card)
    if card.context_window is not None:
        yield f"    context_window: {card.context_window}"
    if card.max_output_tokens is not None:
        yield f"    max_output_tokens: {card.max_output_tokens}"
    if card.expected_output_tokens != DEFAULT_OUTPUT_TOKENS:
        yield f"    expected_output_tokens: {card.expected_output_tokens}"
    if card.capabilities is not None:
        assumed = "" if simulated else " # assumed by name and kind of server"
        yield f"    capabilities: [{', '.join(card.capabilities)}]{assumed}"
    yield from _price(name, catalog)
    yield from _quality(card)
    yield "    latency:"
    yield f"      first_token: {duration(card.latency.first_token)}"
    yield f"      tokens_per_second: {card.latency.tokens_per_second:.1f}"
    yield ""


def _specialities(card: ModelCard) -> Iterator[str]:
    special = card.specialises_in
    if special.domains or special.tasks:
        yield "    specialises_in: # by its name"
    if special.domains:
        yield f"      domains: [{', '.join(special.domains)}]"
    if special.tasks:
        yield f"      tasks: [{', '.join(special.tasks)}]"


def _price(name: str, catalog: Catalog) -> Iterator[str]:
    card = catalog.models[name]
    if card.price is None:
        known = bundled().resolve(name, card, catalog.upstream_of(name)).price
        if known is not None:
            yield "    # Price, window and capabilities come from litellm's price catalogue: now"
            paid, written = known.input_usd_per_mtok, known.output_usd_per_mtok
            yield f"    # {paid:g} / {written:g} USD per million tokens in / out."
        return
    yield "    price:"
    if card.price.usd_per_hour is not None:
        yield f"      usd_per_hour: {card.price.usd_per_hour} # ASSUMED: 130 W at 0.30 USD a kWh"
        return
    yield f"      input_usd_per_mtok: {card.price.input_usd_per_mtok}"
    yield f"      output_usd_per_mtok: {card.price.output_usd_per_mtok}"


def _quality(card: ModelCard) -> Iterator[str]:
    quality = card.quality
    if not quality.domains and not quality.tasks:
        yield f"    quality: {quality.overall}"
        return
    yield "    quality:"
    yield f"      overall: {quality.overall}"
    for key, table in (("domains", quality.domains), ("tasks", quality.tasks)):
        if table:
            yield f"      {key}:"
            yield from (f"        {scalar(name)}: {share}" for name, share in table.items())


def scalar(text: str) -> str:
    """`text` as YAML reads it back: plain where that is safe, else in double quotes."""
    if _PLAIN.fullmatch(text) and text.lower() not in _NOT_TEXT:
        return text
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    visible = "".join(c if c.isprintable() else f"\\U{ord(c):08x}" for c in escaped)
    return f'"{visible}"'


def duration(seconds: float) -> str:
    """Seconds with their unit, as policy files want them."""
    return f"{seconds:g}s" if seconds >= 1 else f"{round(seconds * 1000)}ms"
