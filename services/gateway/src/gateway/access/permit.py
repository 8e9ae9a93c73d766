"""A route says what its caller must be allowed; one that does not say so stops the start."""

from collections.abc import Iterator
from typing import Any

from fastapi import FastAPI
from fastapi.routing import APIRoute, iter_route_contexts
from fastapi.security import HTTPBearer
from starlette.requests import Request

from gateway.access.keys import Principal
from gateway.access.roles import ALLOWED, Permission
from gateway.problems import Refused, invalid

PREFIX = "/api/"
WITHOUT_KEY = frozenset({"/api/v1/bureaus/tic/hooks/{secret}"})
"""Routes whose address is the secret: whoever calls them has no key of ours."""


class May(HTTPBearer):
    """A dependency: the caller, if their role has the permission."""

    def __init__(self, permission: Permission) -> None:
        super().__init__(scheme_name="API key", auto_error=False)
        self.permission = permission

    async def __call__(self, request: Request) -> Principal:  # type: ignore[override]
        """Return who is asking."""
        who: Principal = request.state.who
        if self.permission not in ALLOWED[who.role]:
            raise Refused(
                "not-allowed",
                f"A key with role {who.role} may not do this.",
                permission=self.permission.value,
            )
        return who


def permissions(app: FastAPI) -> Iterator[tuple[str, set[str], set[Permission]]]:
    """Yield every protected route: its path, its methods, the permissions it asks for."""
    for context in iter_route_contexts(app.routes):
        path, dependant = context.path or "", getattr(context, "dependant", None)
        if not path.startswith(PREFIX) or path in WITHOUT_KEY:
            continue
        asked = {call.permission for call in _calls(dependant) if isinstance(call, May)}
        yield path, set(context.methods or ()), asked


def _calls(dependant: Any) -> Iterator[Any]:
    for below in dependant.dependencies if dependant else ():
        yield below.call
        yield from _calls(below)


def _parameters(dependant: Any) -> Iterator[str]:
    yield from (field.alias for field in dependant.query_params)
    for below in dependant.dependencies:
        yield from _parameters(below)


def require_permissions(app: FastAPI) -> None:
    """Refuse to start with a route that anybody with a key could use."""
    open_to_all = [f"{methods} {path}" for path, methods, asked in permissions(app) if not asked]
    if open_to_all:
        raise RuntimeError(f"routes without a permission: {', '.join(open_to_all)}")


async def only_known_parameters(request: Request) -> None:
    """Refuse query parameters that the route does not have, and repeated ones."""
    if not request.scope["query_string"]:
        return
    route = request.scope["route"]
    assert isinstance(route, APIRoute)  # noqa: S101 - stands on API routes only
    known = set(_parameters(route.dependant))
    for name in request.query_params:
        if name not in known:
            raise invalid(name, "unknown-parameter", f"There is no parameter {name!r} here.")
        if len(request.query_params.getlist(name)) > 1:
            raise invalid(name, "repeated-parameter", f"Give {name!r} once.")
