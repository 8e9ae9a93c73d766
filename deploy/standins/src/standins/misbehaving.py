"""Told to misbehave, and to behave again: the same of every bureau's stand-in."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, HTTPException

from standins.creditsafe import faults
from standins.creditsafe.door import store_of
from standins.logs import log
from standins.store import Store

router = APIRouter(prefix="/faults")
Stored = Annotated[Store, Depends(store_of)]


@router.post("")
async def misbehave(store: Stored, wished: dict[str, Any]) -> Any:
    """Misbehave as wished; what is not named stays as it was."""
    try:
        present = faults.change(store, wished)
    except ValueError as error:
        raise HTTPException(422, str(error)) from error
    log("told to misbehave", **wished)
    return present


@router.get("")
async def show_faults(store: Stored) -> Any:
    """Show how the stand-in misbehaves now."""
    return faults.present(store)


@router.delete("")
async def behave(store: Stored) -> Any:
    """Behave, and unlock the account."""
    faults.clear(store)
    log("told to behave")
    return faults.present(store)
