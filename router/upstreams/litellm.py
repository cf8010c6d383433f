"""litellm: every provider that does not speak OpenAI's form, through the litellm package."""

from router.core.catalog import LiteLLMSpec
from router.ports import Reply, UpstreamCall


class LiteLLM:
    """One provider."""

    def __init__(self, spec: LiteLLMSpec, key: str | None) -> None:
        self._spec = spec
        self._key = key

    async def open(self, call: UpstreamCall) -> Reply:
        """Not there yet."""
        raise NotImplementedError

    async def close(self) -> None:
        """Nothing is held."""
