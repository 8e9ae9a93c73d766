"""The stand-in, composed: LENS at the root, its controls under `/_control`."""

from fastapi import FastAPI

from standins.creditsafe.faults import Misbehaviour
from standins.store import Store
from standins.tic import api, control


def build(store: Store, key: str) -> FastAPI:
    """Return the stand-in over a store."""
    app = FastAPI(title="TIC LENS, a stand-in")
    app.state.store = store
    app.state.key = key
    app.add_middleware(Misbehaviour, store=store)
    app.get("/healthz")(healthz)
    for part in (api.router, control.router):
        app.include_router(part)
    return app


async def healthz() -> dict[str, str]:
    """Say that the process is alive."""
    return {"status": "ok", "service": "tic-standin"}
