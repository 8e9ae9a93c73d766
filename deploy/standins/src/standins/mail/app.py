"""The page that shows the mails, and the controls under `/_control`."""

from typing import Any

from fastapi import FastAPI, HTTPException
from fastapi.responses import HTMLResponse

from standins.mail import caught, faults, pages
from standins.store import Store

HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
}
"""A mail is somebody else's text: it may draw itself, and do nothing."""


def build(store: Store, smtp_port: int) -> FastAPI:
    """Return the page and the controls over a store."""
    app = FastAPI(title="A mail server that delivers nothing", docs_url=None, redoc_url=None)

    @app.get("/", response_class=HTMLResponse)
    async def mails() -> HTMLResponse:
        return HTMLResponse(pages.mails(caught.listed(store), smtp_port), headers=HEADERS)

    @app.get("/mails/{number}", response_class=HTMLResponse)
    async def mail(number: int) -> HTMLResponse:
        found = caught.shown(store, number)
        if found is None:
            raise HTTPException(404, "no such mail")
        return HTMLResponse(pages.mail(found), headers=HEADERS)

    @app.get("/healthz")
    async def healthz() -> dict[str, str]:
        return {"status": "ok", "service": "mail-standin"}

    _add_controls(app, store, smtp_port)
    return app


def _add_controls(app: FastAPI, store: Store, smtp_port: int) -> None:
    """Add what no mail server has: what was caught, and how it misbehaves."""

    @app.get("/_control/smtp")
    async def where() -> dict[str, int]:
        return {"port": smtp_port}

    @app.get("/_control/mails")
    async def all_mails() -> list[dict[str, Any]]:
        return [caught.opened(row) for row in store.rows("SELECT * FROM mails ORDER BY id")]

    @app.delete("/_control/mails")
    async def forget() -> list[Any]:
        store.run("DELETE FROM mails")
        return []

    @app.get("/_control/faults")
    async def show() -> faults.Faults:
        return faults.present(store)

    @app.post("/_control/faults")
    async def misbehave(wished: dict[str, Any]) -> faults.Faults:
        try:
            return faults.change(store, wished)
        except ValueError as error:
            raise HTTPException(422, str(error)) from error

    @app.delete("/_control/faults")
    async def behave() -> faults.Faults:
        faults.clear(store)
        return faults.present(store)
