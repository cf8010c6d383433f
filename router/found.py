"""Found: the policies to serve, from the operator's files or over what is found on this machine."""

import asyncio
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from router import policyfile, upstreams
from router.errors import StartupError
from router.policyfile import LoadedPolicy, PriceCatalogue
from router.settings import DEFAULT_POLICY, LOCAL_POLICY, Settings
from router.signals import SIGNALS, vocabulary
from router.upstreams.discovery import Discovery, discover
from router.upstreams.simulated import simulated_catalog


@dataclass(frozen=True, slots=True)
class Found:
    """What this process serves with: policies by name, which is the default, and where from.

    `path` is the operator's file or folder; where there is none, `discovery` is what was found on
    this machine instead.
    """

    policies: Mapping[str, LoadedPolicy]
    default: str
    path: Path | None = None
    discovery: Discovery | None = None

    @property
    def files(self) -> frozenset[Path]:
        """The operator's files that were read; those we ship do not count."""
        if self.path is None:
            return frozenset()
        return frozenset(file for loaded in self.policies.values() for file in loaded.files)

    @property
    def watched(self) -> frozenset[Path]:
        """What to watch for changes, as `marks` takes it: of a folder also files still to come."""
        folder = {self.path / "*.yaml"} if self.path is not None and self.path.is_dir() else set()
        return self.files | folder

    @property
    def missing_keys(self) -> list[str]:
        """Environment variables that a catalog names as keys and that are not set."""
        catalogs = (loaded.catalog for loaded in self.policies.values())
        missing = (upstreams.missing_keys(catalog, os.environ) for catalog in catalogs)
        return sorted({name for names in missing for name in names})


def policy_path(settings: Settings) -> Path | None:
    """The operator's policy: the one set, else slm-router.yaml here, else none."""
    if settings.simulated:
        return None
    return settings.policy or (LOCAL_POLICY if LOCAL_POLICY.is_file() else None)


async def find_policies(path: Path | None, simulated: bool, prices: PriceCatalogue) -> Found:
    """The policies at `path`; without one, those we ship, over simulated models or what is here.

    Raises PolicyFileError, and StartupError if the path does not exist.
    """
    if path is not None:
        return await asyncio.to_thread(_written, prices, path)
    found = Discovery(simulated_catalog()) if simulated else await discover(os.environ)
    return await asyncio.to_thread(_shipped, prices, found)


def _written(prices: PriceCatalogue, path: Path) -> Found:
    if path.is_dir():
        policies = policyfile.load_directory(path, SIGNALS, vocabulary, prices)
        default = DEFAULT_POLICY if DEFAULT_POLICY in policies else min(policies)
        return Found(policies, default, path)
    if not path.is_file():
        raise StartupError(f"{path} does not exist. Write a policy with: slm-router init")
    loaded = policyfile.load(path, SIGNALS, vocabulary, prices)
    return Found({loaded.policy.name: loaded}, loaded.policy.name, path)


def _shipped(prices: PriceCatalogue, discovery: Discovery) -> Found:
    directory = policyfile.shipped_policies()
    policies = policyfile.load_directory(directory, SIGNALS, vocabulary, prices, discovery.catalog)
    return Found(policies, DEFAULT_POLICY, discovery=discovery)
