"""What goes wrong in the gateway itself, as the caller is told."""

import asyncpg
import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from gateway.problems import install


def told(error: Exception) -> tuple[int, str | None, str]:
    """Return the status, `Retry-After` and code that a caller gets of an error."""
    app = FastAPI()
    install(app)

    @app.get("/")
    async def fails() -> None:
        raise error

    answer = TestClient(app, raise_server_exceptions=False).get("/")
    return answer.status_code, answer.headers.get("retry-after"), answer.json()["code"]


@pytest.mark.parametrize(
    "error",
    [MemoryError(), TimeoutError(), ConnectionError(), asyncpg.TooManyConnectionsError("")],
    ids=lambda error: type(error).__name__,
)
def test_what_passes_by_itself_may_be_asked_again(error: Exception) -> None:
    status, retry_after, code = told(error)
    assert (status, code) == (503, "unavailable")
    assert retry_after is not None


def test_a_mistake_of_ours_is_owned_up_to() -> None:
    assert told(RuntimeError("of ours"))[0] == 500
