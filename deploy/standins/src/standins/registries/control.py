"""The stand-in's own endpoints: change what a registry has, put a feed back, misbehave."""

import json
from typing import Annotated, Any

from fastapi import APIRouter, Depends, HTTPException
from pydantic import BaseModel, ConfigDict

from standins.creditsafe import faults
from standins.creditsafe.clock import now
from standins.creditsafe.door import store_of
from standins.registries.store import Document, document, keep, mark, state_of
from standins.store import Store

ID_FIRST = 25_200_017
ID_STEPS = (4, 1, 7)
"""Ids have gaps."""
FED = ("enheter", "underenheter")

router = APIRouter(prefix="/_control", tags=["control"])
Stored = Annotated[Store, Depends(store_of)]


class Wish(BaseModel):
    """What a document is to say: fields set, or left out with null; `state` takes it away.

    `quiet` leaves the change out of the feed.
    """

    model_config = ConfigDict(extra="forbid")

    set: dict[str, Any] = {}
    state: str = "present"
    parent: str | None = None
    quiet: bool = False


@router.post("/documents/{kind}/{number}")
async def change(store: Stored, kind: str, number: str, wish: Wish) -> Any:
    """Change a document, make a new one, take one away, or bring it back; the feed tells."""
    old = document(store, kind, number)
    if old is None and not wish.set:
        raise HTTPException(404, "no such document")
    before = state_of(store, kind, number)
    new = {name: value for name, value in {**(old or {}), **wish.set}.items() if value is not None}
    if wish.state == "deleted":
        new.setdefault("slettedato", str(now().date()))
    with store.whole():
        parent = wish.parent or new.get("overordnetEnhet") or new.get("OrgNr")
        keep(store, kind, number, new, name=_name(new), parent=parent)
        mark(store, kind, number, wish.state)
        if kind in FED and not wish.quiet:
            _tell(store, kind, number, _what(before, wish.state), _patch(old or {}, new))
    return new


@router.post("/feed/{kind}/back/{entries}")
async def put_back(store: Stored, kind: str, entries: int) -> Any:
    """Forget the last entries of a feed, as a register does that is restored from a backup.

    Their ids are given out anew.
    """
    store.run(
        "DELETE FROM feed WHERE id IN"
        " (SELECT id FROM feed WHERE kind = ? ORDER BY id DESC LIMIT ?)",
        kind,
        entries,
    )
    last = store.row("SELECT coalesce(max(id), 0) AS last FROM feed") or {"last": 0}
    store.put("last_id", str(last["last"]))
    return store.row("SELECT count(*) AS left, max(id) AS last FROM feed WHERE kind = ?", kind)


@router.post("/feed/{kind}/{number}/{times}")
async def repeat(store: Stored, kind: str, number: str, times: int) -> Any:
    """Tell so often that a document changed, although it did not."""
    with store.whole():
        for _ in range(times):
            _tell(store, kind, number, "Endring", [])
    return store.row("SELECT count(*) AS left, max(id) AS last FROM feed WHERE kind = ?", kind)


@router.get("/documents/{kind}/{number}")
async def show(store: Stored, kind: str, number: str) -> Any:
    """Show a document, whatever its state."""
    found = document(store, kind, number)
    if found is None:
        raise HTTPException(404, "no such document")
    return {"state": state_of(store, kind, number), "document": found}


@router.get("/calls")
async def calls(store: Stored) -> Any:
    """Tell which paths were asked for, oldest first."""
    return [row["path"] for row in store.rows("SELECT path FROM calls ORDER BY id")]


@router.delete("/calls")
async def forget_calls(store: Stored) -> Any:
    """Begin to count anew."""
    store.run("DELETE FROM calls")
    return []


@router.post("/faults")
async def misbehave(store: Stored, wished: dict[str, Any]) -> Any:
    """Misbehave as wished; what is not named stays as it was."""
    try:
        return faults.change(store, wished)
    except ValueError as error:
        raise HTTPException(422, str(error)) from error


@router.delete("/faults")
async def behave(store: Stored) -> Any:
    """Behave."""
    faults.clear(store)
    return faults.present(store)


def _name(new: Document) -> str:
    names = ("navn", "Benämning", "Företagsnamn", "name")
    return next((str(new[name]) for name in names if name in new), "")


def _what(before: str | None, state: str) -> str:
    if state == "present":
        return "Ny" if before is None else "Endring"
    return "Fjernet" if state == "removed" else "Sletting"


def _tell(store: Store, kind: str, number: str, what: str, patch: list[Document]) -> None:
    row = store.row("SELECT count(*) AS entries, max(id) AS last FROM feed") or {}
    last = max(int(store.get("last_id") or 0), row["last"] or 0)
    following = last + ID_STEPS[row["entries"] % len(ID_STEPS)] if last else ID_FIRST
    store.put("last_id", str(following))
    at = now()
    store.run(
        "INSERT INTO feed VALUES (?, ?, ?, ?, ?, ?)",
        following,
        kind,
        at.strftime("%Y-%m-%dT%H:%M:%S.") + f"{at.microsecond // 1000:03d}Z",
        number,
        what,
        json.dumps(patch) if what == "Endring" else None,
    )


def _patch(old: Document, new: Document, path: str = "") -> list[Document]:
    """Return what leads from one document to another (RFC 6902)."""
    steps: list[Document] = [
        {"op": "remove", "path": f"{path}/{name}"} for name in old if name not in new
    ]
    for name, value in new.items():
        before = old.get(name)
        if name not in old:
            steps.append({"op": "add", "path": f"{path}/{name}", "value": value})
        elif isinstance(before, dict) and isinstance(value, dict):
            steps += _patch(before, value, f"{path}/{name}")
        elif before != value:
            steps.append({"op": "replace", "path": f"{path}/{name}", "value": value})
    return steps
