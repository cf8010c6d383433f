"""Policy files: YAML -> policy, catalog and signal options, or every problem at once.

A problem reads `file:line:column: key: what was expected`. Rule: nothing here knows a concrete
signal or price list; both are handed in.
"""

from router.policyfile.directory import load_directory, shipped_policies
from router.policyfile.loaded import LoadedPolicy, PolicyFile, PriceCatalogue
from router.policyfile.loading import load

__all__ = [
    "LoadedPolicy",
    "PolicyFile",
    "PriceCatalogue",
    "load",
    "load_directory",
    "shipped_policies",
]
