"""The dashboard: server-rendered pages, and the one table of them.

Rule: a page is a view of a report of `router.api.reports`, one file and one template; it knows
no store and computes no figure. It is whole without scripts; they only make it quicker.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from router.api.access import Access, Endpoint, guarded
from router.api.at_home import at_home
from router.dashboard.assets import assets
from router.dashboard.classifiers import classifiers
from router.dashboard.decision import decision, mark
from router.dashboard.decisions import decisions
from router.dashboard.login import LOGIN, show_login, sign_in, sign_out
from router.dashboard.models import models
from router.dashboard.overview import overview, start
from router.dashboard.playground import play, playground
from router.dashboard.policies import check, policies
from router.dashboard.quality import quality
from router.dashboard.refusal import refuse, told_as_page
from router.dashboard.savings import savings

__all__ = ["NAVIGATION", "PAGES", "Page", "refuse", "routes"]


@dataclass(frozen=True, slots=True)
class Page:
    """One page, what it asks of whoever looks at it, and its place in the navigation, if any."""

    path: str
    endpoint: Endpoint
    title: str = ""
    method: str = "GET"
    access: Access = "read"


PAGES: tuple[Page, ...] = (
    Page("/", overview, "Overview"),
    Page("/savings", savings, "Savings"),
    Page("/decisions", decisions, "Decisions"),
    Page("/decisions/{id}", decision),
    Page("/decisions/{id}/feedback", mark, method="POST", access="call"),
    Page("/playground", playground, "Playground"),
    Page("/playground", play, method="POST", access="call"),
    Page("/quality", quality, "Quality"),
    Page("/models", models, "Models"),
    Page("/policies", policies, "Policies"),
    Page("/policies", check, method="POST"),
    Page("/classifiers", classifiers, "Classifiers"),
    Page("/demo", start, method="POST", access="call"),
    Page(LOGIN, show_login, access="open"),
    Page(LOGIN, sign_in, method="POST", access="open"),
    Page("/logout", sign_out, method="POST"),
)

NAVIGATION = tuple(page for page in PAGES if page.title)


def routes() -> Iterator[tuple[str, str, Endpoint, Access]]:
    """Method, path, endpoint and access of every page and asset, as the application serves them."""
    for page in PAGES:
        endpoint = told_as_page(guarded(at_home(page.endpoint), page.access))
        yield page.method, page.path, endpoint, page.access
    for asset in assets().values():
        yield "GET", asset.path, asset.served, "open"
