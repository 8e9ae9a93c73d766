"""Tokens, and errors in Direct+'s own words."""

import base64
import binascii
import secrets
from typing import Annotated, Any

from fastapi import APIRouter, Depends, HTTPException, Request
from fastapi.responses import JSONResponse

from standins.creditsafe import faults
from standins.creditsafe.clock import now, zoned
from standins.creditsafe.door import store_of
from standins.store import Store

BAD_LOGINS_MAX = 3
"""After so many wrong secrets in a row the account is locked."""
LIFE_SECONDS = 86_400

router = APIRouter()


def detail() -> dict[str, Any]:
    """Return what goes around every answer."""
    return {
        "transactionID": f"rrt-{secrets.token_hex(8)}",
        "transactionTimestamp": zoned(now()),
        "inLanguage": "en-US",
        "serviceVersion": "1",
    }


def problem(status: int, code: str, message: str) -> JSONResponse:
    """Refuse."""
    error = {"errorCode": code, "errorMessage": message, "errorDetails": []}
    return JSONResponse({"transactionDetail": detail(), "error": error}, status_code=status)


@router.post("/v2/token")
async def token(request: Request, store: Annotated[Store, Depends(store_of)]) -> JSONResponse:
    """Give a token for a key and a secret; the third wrong one in a row locks the account."""
    bad = int(store.get("bad_logins") or 0)
    if bad >= BAD_LOGINS_MAX or _shown(request) != request.app.state.login:
        store.put("bad_logins", str(bad + 1))
        return problem(401, "00004", "You are not currently authorized to access this product.")
    store.put("bad_logins", "0")
    life = min(LIFE_SECONDS, faults.present(store).token_seconds)
    ends = now().timestamp() + life
    generation = store.get("token_generation") or "0"
    text = f"{secrets.token_hex(16)}.{generation}.{ends:.3f}"
    store.put(f"token {text}", "1")
    return JSONResponse({"access_token": text, "expiresIn": life})


async def authenticated(request: Request) -> None:
    """Let nobody in without a good token."""
    store: Store = request.app.state.store
    kind, _, text = request.headers.get("authorization", "").partition(" ")
    if kind != "Bearer" or not store.get(f"token {text}"):
        raise HTTPException(401)
    _, generation, ends = text.split(".", 2)
    is_ours = generation == (store.get("token_generation") or "0")
    if not is_ours or float(ends) < now().timestamp():
        raise HTTPException(401)


def _shown(request: Request) -> str:
    kind, _, text = request.headers.get("authorization", "").partition(" ")
    try:
        return base64.b64decode(text).decode() if kind == "Basic" else ""
    except (binascii.Error, UnicodeDecodeError):
        return ""
