"""slm-router: an OpenAI-compatible gateway that picks the cheapest model that is good enough."""

__version__ = "0.1.0"
