"""What goes wrong over HTTP, as RFC 9457 problems: the gateway's own codes and their words."""

from collections.abc import Sequence
from typing import Any

import structlog
from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse

from chassis.ask import Unavailable
from chassis.decider import Rejected
from chassis.postgres import TRANSIENT
from chassis.problems import MEDIA_TYPE, problem_response, status_of

log = structlog.get_logger()

STATUS: dict[str, int] = {
    "malformed-json": 400,
    "key-missing": 401,
    "key-refused": 401,
    "not-allowed": 403,
    "version-missing": 428,
    "unsupported-media-type": 415,
    "too-deep": 422,
    "invalid": 422,
    "too-many-streams": 429,
    "too-many-requests": 429,
    "cursor-invalid": 422,
    "owner-unknown": 422,
    "department-unknown": 422,
    "sub-unit-unknown": 422,
    "merge-into-unknown": 422,
    "registry-entry-unknown": 422,
    "address-unknown": 409,
    "event-unknown": 422,
    "credit-purpose-missing": 422,
    "credit-reason-missing": 422,
    "credit-form-not-allowed": 422,
    "credit-prices-missing": 422,
    "key-of-nobody": 422,
    "bureau-unknown": 422,
    "ratings-file-invalid": 422,
    "bureau-credentials-malformed": 422,
    "bureau-credentials-missing": 422,
}
"""The gateway's own codes, and those it answers otherwise than `chassis.problems` would."""
FRAMEWORK_CODES = {
    400: "malformed-json",
    404: "not-found",
    405: "method-not-allowed",
    413: "too-large",
}
FRAMEWORK_WORDS = {
    "malformed-json": "The body is not JSON.",
    "not-found": "There is nothing at this address.",
    "method-not-allowed": "This address does not answer to that method.",
    "too-large": "The body is larger than any request here needs to be.",
}
UNSAID = frozenset({"body", "query", "path", "header", "by-hand", "from-registry"})
"""Where a field stands is said by its name alone."""
ERRORS_SHOWN_MAX = 20
"""More than anybody corrects at once."""


MISSING = "missing"
"""Under this a remembered refusal has the field that names what is not there."""


class FieldError(BaseModel):
    """What is wrong with one field."""

    field: str
    code: str
    message: str


class ProblemDocument(BaseModel):
    """An RFC 9457 problem; some have members of their own, such as `company_id`."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    errors: list[FieldError] | None = None
    company_id: str | None = None


RESPONSES: dict[int | str, dict[str, Any]] = {
    "default": {
        "description": "A problem",
        "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/ProblemDocument"}}},
    }
}
"""What every route may answer besides what it is for."""


class Refused(Exception):
    """A request the gateway itself does not take."""

    def __init__(
        self,
        code: str,
        message: str,
        *,
        status: int | None = None,
        headers: dict[str, str] | None = None,
        **details: Any,
    ) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.status = status
        self.headers = headers
        self.details = details

    def response(self) -> JSONResponse:
        """Return it as a problem."""
        status = self.status or STATUS.get(self.code)
        response = problem_response(self.code, self.message, status, **self.details)
        response.headers.update(self.headers or {})
        return response


class Missing(Refused):
    """What a request names is not there: so it is now, and perhaps not a moment later."""

    def __init__(self, field: str, code: str, message: str) -> None:
        super().__init__(code, message, errors=_errors(field, code, message))
        self.field = field


def _errors(field: str, code: str, message: str) -> list[dict[str, str]]:
    return [{"field": field, "code": code, "message": message}]


def invalid(field: str, code: str, message: str) -> Refused:
    """Refuse one field."""
    status = STATUS.get(code, 422)
    return Refused(code, message, status=status, errors=_errors(field, code, message))


def not_found(what: str, *, shown: bool = True) -> Refused:
    """Refuse an id: unknown ones and another tenant's sound the same.

    Where what the reader wrote does not show yet, nobody can say that there is none.
    """
    if not shown:
        return not_shown(f", and no such {what} does")
    return Refused(f"{what}-unknown", f"There is no such {what} here.", status=404)


def not_shown(nor: str = "") -> Refused:
    """Refuse to go on from what does not show what the caller wrote; `nor` says what else not."""
    return Refused(
        "not-shown-yet",
        f"What you wrote does not show yet{nor}. Ask again in a moment.",
        status=409,
        headers={"Retry-After": "1"},
    )


def install(app: FastAPI) -> None:
    """Let every error of an app be answered as a problem.

    By coroutines: what is no coroutine is called in a thread, and there may be none left.
    """
    app.add_exception_handler(Refused, _refused)
    app.add_exception_handler(Rejected, _rejected)
    app.add_exception_handler(Unavailable, _unavailable)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, framework_problem)
    for passing in (*TRANSIENT, MemoryError):
        app.add_exception_handler(passing, _unavailable)
    app.add_exception_handler(Exception, _failed)


async def _refused(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, Refused)  # noqa: S101 - registered for it
    return error.response()


async def _rejected(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, Rejected)  # noqa: S101 - registered for it
    status = STATUS.get(error.code) or status_of(error.code)
    own = {"code", "status", MISSING}
    details: dict[str, Any] = {n: said for n, said in error.details.items() if n not in own}
    if MISSING in error.details:
        details["errors"] = _errors(error.details[MISSING], error.code, error.message)
    return problem_response(error.code, error.message, status, **details)


async def _unavailable(_: Request, error: Exception) -> JSONResponse:
    return unavailable(error)


def unavailable(error: Exception) -> JSONResponse:
    """Say that something did not answer, and that asking again is safe."""
    log.warning("unavailable", error=type(error).__name__)
    return problem_response(
        "unavailable",
        "A part of the system did not answer in time. Repeat the request with the same"
        " Idempotency-Key: it is then done once, whether or not it was already.",
    )


async def _invalid(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)  # noqa: S101 - registered for it
    errors = [_field_error(one) for one in error.errors()]
    if any(one["code"] == "json_invalid" for one in errors):
        return Refused("malformed-json", FRAMEWORK_WORDS["malformed-json"]).response()
    first = errors[0]
    return Refused(
        "invalid", f"{first['field']}: {first['message']}.", errors=errors[:ERRORS_SHOWN_MAX]
    ).response()


def _field_error(error: Any) -> dict[str, str]:
    """Say what is wrong with a field, without its value, which may be personal."""
    place: Sequence[Any] = error["loc"]
    names = [str(part) for part in place if part not in UNSAID]
    return {
        "field": _printable(".".join(names) or "body"),
        "code": str(error["type"]),
        "message": _printable(str(error["msg"])).rstrip("."),
    }


def _printable(text: str) -> str:
    """Return what can be written as UTF-8; a field's name may be anything."""
    return text.encode("utf-8", "backslashreplace").decode()


async def framework_problem(_: Request, error: Exception) -> JSONResponse:
    """Word what the framework refuses."""
    assert isinstance(error, HTTPException)  # noqa: S101 - registered for it
    code = FRAMEWORK_CODES.get(error.status_code, "invalid")
    message = FRAMEWORK_WORDS.get(code, str(error.detail))
    response = problem_response(code, message, error.status_code)
    response.headers.update(error.headers or {})
    return response


async def _failed(_: Request, error: Exception) -> JSONResponse:
    log.error("failed", error=type(error).__name__, exc_info=error)
    return problem_response("failed", "Something went wrong here; it has been logged.")
