"""Process settings, read from the environment (SLM_ROUTER_*). Secrets are named here only.

Rule: settings say how this process runs; what happens to a request is policy and stands in YAML.
"""

from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

from platformdirs import user_state_path
from pydantic import AfterValidator, BeforeValidator, Field, SecretStr
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

LOCAL_POLICY = Path("slm-router.yaml")
"""What `slm-router init` writes; found in the working directory it is the policy."""

DEFAULT_POLICY = "default"
"""The policy that "auto" means where there are several."""

DEFAULT_PORT = 7070
"""Free on developers' machines: 8000, 8080, 4000, 11434 and 1234 belong to other servers."""


def _listed(given: object) -> object:
    """What stands between commas, where a text is given."""
    if not isinstance(given, str):
        return given
    return tuple(it.strip() for it in given.split(",") if it.strip())


def _origin(given: str) -> str:
    """An origin as browsers tell it: scheme, host and port alone, in lower case."""
    found = given.lower()
    parts = urlsplit(found)
    if found != "*" and (not parts.netloc or found != f"{parts.scheme}://{parts.netloc}"):
        raise ValueError(
            "expected origins such as https://chat.example.org or http://localhost:3000, without"
            f" a path and a slash at the end, not {given}"
        )
    return found


Origin = Annotated[str, AfterValidator(_origin)]


class Settings(BaseSettings):
    """How this process runs. Every field is also an environment variable SLM_ROUTER_<FIELD>."""

    # Compose files pass variables that are not set as empty ones: these say nothing.
    model_config = SettingsConfigDict(
        env_prefix="SLM_ROUTER_", env_ignore_empty=True, frozen=True, extra="ignore"
    )

    host: str = Field("127.0.0.1", description="Address to listen on.")
    port: int = Field(DEFAULT_PORT, ge=0, le=65535, description="Port to listen on; 0 = any.")
    workers: int = Field(
        1, ge=1, le=64, description="Processes that serve; one makes use of one processor core."
    )
    policy: Path | None = Field(
        None, description="Policy file, or a directory of them; none = look at this machine."
    )
    state_dir: Path = Field(
        default_factory=lambda: user_state_path("slm-router"),
        description="Where the decision log and the API keys are kept.",
    )
    simulated: bool = Field(False, description="Use only the embedded simulated upstreams.")
    store_content: bool = Field(
        False, description="Keep the text of requests and answers in the decision log."
    )
    log_retention_days: float | None = Field(
        None,
        gt=0,
        description="Days that rows of the decision log are kept; none = for ever. Sums stay.",
    )
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        "INFO", description="What the process log tells."
    )
    log_json: bool = Field(False, description="Write the process log as JSON lines.")
    max_body_bytes: int = Field(
        4 * 1024 * 1024, gt=0, description="Largest request body; above it the answer is 413."
    )
    require_keys: bool = Field(
        False,
        description="Ask for an API key on loopback too, as is done on every other address.",
    )
    api_key: SecretStr | None = Field(
        None,
        description="A key with the roles call and metrics, beside those of `slm-router keys`.",
    )
    cors_origins: Annotated[tuple[Origin, ...], NoDecode, BeforeValidator(_listed)] = Field(
        (),
        description="Web apps whose pages may call /v1 from a browser, by their origins with"
        " commas between, such as `https://chat.example.org`; `*` = any (docs/access.md).",
    )
    max_head_bytes: int = Field(
        64 * 1024, gt=0, description="Largest head of a request; above it the answer is 431."
    )
    max_in_flight: int = Field(1000, gt=0, description="Calls that are served at a time.")
    max_waiting: int = Field(
        100, ge=0, description="Calls that wait for one of those to end; the next is answered 503."
    )
    max_wait_s: float = Field(10.0, gt=0, description="Seconds that a call waits at most.")
    peer_timeout_s: float = Field(
        30.0,
        gt=0,
        description="Seconds that a caller gets for a request's head, and between two pieces of"
        " its body or of its reading of an answer.",
    )
    keep_alive_s: int = Field(
        75,
        ge=0,
        description="Seconds that a connection may stay open between two requests. Callers and"
        " load balancers should give theirs up before that (most do after 5 to 60 s), or a request"
        " may meet a connection that is being closed.",
    )
    session_s: float = Field(
        3600.0, gt=0, description="Seconds that a conversation's model is remembered."
    )
    shutdown_s: float = Field(
        25.0, gt=0, description="Seconds that requests in flight get to finish on SIGTERM."
    )
    otel: bool = Field(
        False,
        description="Send a trace of each request over OTLP/HTTP, to where the `OTEL_*` variables"
        " say (docs/tracing.md); needs the extra `otel`.",
    )
    artifact: Path | None = Field(
        None, description="Directory of a classifier to use instead of the shipped one."
    )

    @property
    def keys(self) -> Path:
        """The file of the API keys."""
        return self.state_dir / "keys.sqlite3"

    @property
    def sessions(self) -> Path:
        """The file of what conversations are with."""
        return self.state_dir / "sessions.table"

    @property
    def kept(self) -> Path:
        """The file of which upstream keeps which answer."""
        return self.state_dir / "kept.table"

    @property
    def decision_log(self) -> Path:
        """The file of the decision log."""
        return self.state_dir / "decisions.sqlite3"

    @property
    def journal(self) -> Path:
        """The directory of rows on their way into it."""
        return self.state_dir / "decisions.journal"
