"""What the app says of itself: its OpenAPI document, and which methods an address answers to."""

from typing import Any

from fastapi import FastAPI
from fastapi.routing import iter_route_contexts
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Match
from starlette.types import Scope

from gateway.problems import ProblemDocument, framework_problem


def describe(app: FastAPI) -> None:
    """Let the document say what a problem is, and a refused method which ones there are."""
    written = app.openapi

    def openapi() -> dict[str, Any]:
        document = written()
        schema = ProblemDocument.model_json_schema(ref_template="#/components/schemas/{model}")
        schemas = document["components"]["schemas"]
        schemas.update(schema.pop("$defs", {}))
        schemas["ProblemDocument"] = schema
        return document

    app.openapi = openapi  # type: ignore[method-assign]
    app.add_exception_handler(405, refuse_method)


async def refuse_method(request: Request, error: Exception) -> JSONResponse:
    """Say what an address answers to, all its routes together."""
    response = await framework_problem(request, error)
    response.headers["Allow"] = ", ".join(sorted(_methods(request.app, request.scope)))
    return response


def _methods(app: FastAPI, scope: Scope) -> set[str]:
    return {
        method
        for context in iter_route_contexts(app.routes)
        if context.matches(scope)[0] is not Match.NONE
        for method in context.methods or ()
    }
