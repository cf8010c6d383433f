"""Ways to reach models. To add one: a file, a line in UPSTREAMS, a line in the contract suite."""

from collections.abc import Callable, Mapping
from typing import Any

from pydantic import SecretStr

from router.core.catalog import Catalog
from router.ports import StatsStore, Upstream
from router.upstreams.breaking import Breaking
from router.upstreams.connections import Connections
from router.upstreams.litellm import LiteLLM
from router.upstreams.openai_http import OpenAIHTTP
from router.upstreams.retrying import Retrying
from router.upstreams.simulated import Simulated, simulated_catalog

Builder = Callable[[Any, SecretStr | None, Connections], Upstream]
"""From a spec, its key (None = none set) and the shared connections."""

UPSTREAMS: Mapping[str, Builder] = {
    "openai_http": OpenAIHTTP,
    "litellm": LiteLLM,
    "simulated": lambda spec, key, connections: Simulated(spec),
}


def build(
    catalog: Catalog,
    environment: Mapping[str, str],
    connections: Connections | None = None,
    stats: StatsStore | None = None,
) -> dict[str, Upstream]:
    """An adapter for each upstream of the catalog, by its name there. Contacts nobody.

    An upstream whose key is not set is built all the same: its server refuses the calls, and
    `missing_keys` says so beforehand. `connections` carries open ones over a reload; `stats` knows
    whom to leave alone (None: nobody). Retries are outside: each of them passes the breaker.
    """
    shared = Connections() if connections is None else connections
    built: dict[str, Upstream] = {}
    for name, spec in catalog.upstreams.items():
        adapter = UPSTREAMS[spec.kind](spec, _key(spec, environment), shared)
        breaking = adapter if stats is None else Breaking(adapter, name, stats)
        built[name] = Retrying(breaking, spec.retries, spec.timeout)
    return built


def missing_keys(catalog: Catalog, environment: Mapping[str, str]) -> list[str]:
    """The environment variables that upstreams take their key from and that are not set."""
    named = {_variable(spec) for spec in catalog.upstreams.values()}
    return sorted(name for name in named if name and not environment.get(name, "").strip())


def _variable(spec: object) -> str | None:
    return getattr(spec, "api_key_env", None)


def _key(spec: object, environment: Mapping[str, str]) -> SecretStr | None:
    name = _variable(spec)
    key = environment.get(name, "").strip() if name else ""
    return SecretStr(key) if key else None


__all__ = ["UPSTREAMS", "Connections", "build", "missing_keys", "simulated_catalog"]
