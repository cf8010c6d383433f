"""GET and POST /api/v1/...: what the dashboard shows, for programs too.

Rule: a page of the dashboard is a view of one report and shows nothing else, so what can be seen
can be fetched, as JSON or as CSV, under the same filters. Keys are read from nowhere and prompts
are told to admins alone, where the operator has them stored at all.
"""

from router.api.access import Access, Endpoint
from router.api.at_home import at_home
from router.api.reports.classifiers import classifiers
from router.api.reports.decision import decision
from router.api.reports.decisions import decisions
from router.api.reports.demo import demo, start_demo
from router.api.reports.models import models
from router.api.reports.overview import overview
from router.api.reports.playground import playground
from router.api.reports.policies import policies, validate
from router.api.reports.quality import quality
from router.api.reports.savings import savings
from router.api.reports.setup import setup

_REPORTS: tuple[tuple[str, str, Endpoint, Access], ...] = (
    ("GET", "/api/v1/overview", overview, "read"),
    ("GET", "/api/v1/savings", savings, "read"),
    ("GET", "/api/v1/quality", quality, "read"),
    ("GET", "/api/v1/decisions", decisions, "read"),
    ("GET", "/api/v1/decisions/{id}", decision, "read"),
    ("POST", "/api/v1/playground", playground, "call"),
    ("GET", "/api/v1/models", models, "read"),
    ("GET", "/api/v1/policies", policies, "read"),
    ("POST", "/api/v1/policies/validate", validate, "read"),
    ("GET", "/api/v1/classifiers", classifiers, "read"),
    ("GET", "/api/v1/setup", setup, "read"),
    ("GET", "/api/v1/demo", demo, "read"),
    ("POST", "/api/v1/demo", start_demo, "call"),
)
REPORTS = tuple((method, path, at_home(it), access) for method, path, it, access in _REPORTS)
"""Method, path, endpoint, and what it asks of its caller."""
