"""Where endpoints find what serves them."""

from starlette.requests import Request

from router.runtime import Runtime


def runtime_of(request: Request) -> Runtime:
    """The process's Runtime, put there by `app.py`."""
    runtime = request.app.state.runtime
    assert isinstance(runtime, Runtime)
    return runtime
