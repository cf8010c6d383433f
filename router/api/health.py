"""GET /healthz: the process lives. GET /readyz: it takes requests, and in what state."""

from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse

from router.api.access import caller_of
from router.api.state import runtime_of
from router.runtime import Runtime


async def healthz(request: Request) -> JSONResponse:
    """200 as long as the event loop turns."""
    return JSONResponse({"status": "ok"})


async def readyz(request: Request) -> JSONResponse:
    """200 while requests are taken, 503 once shutdown has begun.

    A policy file that could not be read does not make us unready, for the old one is in force;
    the reason stands in the detail, which is for those who may see the metrics.
    """
    runtime, caller = runtime_of(request), caller_of(request)
    status = {"status": "ready" if runtime.accepting else "shutting down"}
    seen = caller is not None and caller.may("metrics")
    told = {**status, **_detail(runtime)} if seen else status
    return JSONResponse(told, 200 if runtime.accepting else 503)


def _detail(runtime: Runtime) -> dict[str, Any]:
    gateway, reload = runtime.gateway, runtime.reload
    return {
        "default_policy": gateway.default.name_at_version,
        "policies": {name: it.version for name, it in gateway.policies.items()},
        "policy_reload": {"ok": reload.error is None, "at": reload.at, "error": reload.error},
        "models": len(gateway.default.catalog.models),
        "simulated": gateway.simulated,
    }
