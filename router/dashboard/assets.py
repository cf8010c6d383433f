"""Assets: style, scripts and pictures, served by this process under addresses that name their
content, so that a browser may keep them for ever.

Rule: every file is our own or stands in static/vendor/vendored.json, and no page asks for any
other. A file that is not in the table is not served.
"""

from base64 import b64encode
from dataclasses import dataclass
from functools import cache
from hashlib import sha384
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response

FOLDER = Path(__file__).parent / "static"
FOREVER = {
    "cache-control": "public, max-age=31536000, immutable",
    "x-content-type-options": "nosniff",
    "cross-origin-resource-policy": "same-origin",
}

FILES = {
    "app.css": "text/css",
    "theme.js": "text/javascript",
    "app.js": "text/javascript",
    "charts.js": "text/javascript",
    "icon.svg": "image/svg+xml",
    "vendor/htmx.min.js": "text/javascript",
    "vendor/uPlot.iife.min.js": "text/javascript",
    "vendor/uPlot.min.css": "text/css",
}
"""File -> what it is."""


@dataclass(frozen=True, slots=True)
class Asset:
    """One file. `integrity` is what a page tells the browser to hold it against."""

    name: str
    content: bytes
    media_type: str

    @property
    def integrity(self) -> str:
        """SHA-384, as in an `integrity` attribute."""
        return f"sha384-{b64encode(sha384(self.content).digest()).decode()}"

    @property
    def path(self) -> str:
        """Where it is served: other content is another address."""
        return f"/static/{sha384(self.content).hexdigest()[:16]}/{Path(self.name).name}"

    async def served(self, request: Request) -> Response:
        """The file."""
        return Response(self.content, 200, FOREVER, self.media_type)


@cache
def assets() -> dict[str, Asset]:
    """Every asset by its name, read once."""
    return {name: Asset(name, (FOLDER / name).read_bytes(), kind) for name, kind in FILES.items()}
