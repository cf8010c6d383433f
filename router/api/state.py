"""Where endpoints find what serves them."""

from starlette.requests import Request

from router.runtime import Runtime

RUNTIME = "slm_router.runtime"


def runtime_of(request: Request) -> Runtime:
    """The process's Runtime, put there by `entry.py`."""
    runtime: Runtime = request.scope[RUNTIME]
    return runtime
