"""Policy files: YAML -> policy, catalog and signal options, or every problem at once.

A problem reads `file:line:column: key: what was expected`. Rule: nothing here knows a concrete
signal or price list; both are handed in.
"""

from router.policyfile.cases import CASES_SUFFIX, Case, LoadedCases, load_cases
from router.policyfile.directory import (
    is_catalog,
    load_directory,
    policy_files,
    shipped_policies,
)
from router.policyfile.loaded import LoadedPolicy, PolicyFile, PriceCatalogue
from router.policyfile.loading import load, load_catalog, load_text
from router.policyfile.tree import parse

__all__ = [
    "CASES_SUFFIX",
    "Case",
    "LoadedCases",
    "LoadedPolicy",
    "PolicyFile",
    "PriceCatalogue",
    "is_catalog",
    "load",
    "load_cases",
    "load_catalog",
    "load_directory",
    "load_text",
    "parse",
    "policy_files",
    "shipped_policies",
]
