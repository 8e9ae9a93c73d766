"""Refusals as RFC 9457 problem details: the one table of codes and statuses."""

from typing import Any

from starlette.responses import JSONResponse

MEDIA_TYPE = "application/problem+json"
RETRY_AFTER_SECONDS = 2
"""A restarted service or NATS leader is back within this."""

STATUS: dict[str, int] = {
    "stale": 412,
    "busy": 503,
    "not-yet": 503,
    "unavailable": 503,
    "failed": 500,
    "malformed": 422,
    "too-large": 413,
    "command-reused": 422,
    "country-unsupported": 422,
    "number-malformed": 422,
    "number-check-digit": 422,
    "number-kind-unknown": 422,
    "number-personal": 422,
    "number-not-personal": 422,
    "number-ambiguous": 422,
}
"""Codes that every service may answer with; `…-unknown` is 404, anything else a conflict."""
PASSING = frozenset({"busy", "not-yet"})
"""Refusals that are of this moment only: never remembered, and asked again while somebody waits."""


def status_of(code: str) -> int:
    """Return the HTTP status that goes with a refusal's code."""
    return STATUS.get(code, 404 if code.endswith("-unknown") else 409)


def problem_response(
    code: str, message: str, status: int | None = None, **details: Any
) -> JSONResponse:
    """Return a problem: `code` is stable, `detail` a sentence a person can act on."""
    status = status or status_of(code)
    headers = {"Retry-After": str(RETRY_AFTER_SECONDS)} if status == 503 else None  # noqa: PLR2004
    return JSONResponse(
        {
            "type": f"urn:kundvakt:problem:{code}",
            "title": code.replace("-", " ").capitalize(),
            "status": status,
            "detail": message,
            "code": code,
            **details,
        },
        status_code=status,
        headers=headers,
        media_type=MEDIA_TYPE,
    )
