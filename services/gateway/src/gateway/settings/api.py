"""A tenant's own ways of working over HTTP."""

from typing import Annotated

from fastapi import APIRouter, Body, Response
from pydantic import BaseModel

from contracts.companies.settings import RegistryPolicy, SetRegistryPolicy
from gateway.asked_by import Here, UserManager, UserReader
from gateway.asking import Asked, Written, written
from gateway.bodies import Body as Wanted
from gateway.bodies import strictly
from gateway.reading import After, caught_up, reading

router = APIRouter(prefix="/settings", tags=["settings"])
FIND = "SELECT registry_policy FROM settings WHERE tenant_id = $1"


class RegistryPolicyBody(Wanted):
    """`write` follows the registry; `propose` asks before a value of its gives way to another."""

    policy: RegistryPolicy


class SettingsAnswer(BaseModel):
    """How the tenant works."""

    registry_policy: RegistryPolicy


@router.get("")
async def read_settings(who: UserReader, site: Here, after: After = None) -> SettingsAnswer:
    """Read how the tenant works; what nobody decided is as it comes."""
    await caught_up(site, who.tenant, "settings", after)
    async with reading(site, who.tenant) as connection:
        policy = await connection.fetchval(FIND, who.tenant)
    return SettingsAnswer(registry_policy=policy or "write")


@router.put("/registry-policy")
async def set_registry_policy(
    _who: UserManager,
    asked: Asked,
    body: Annotated[RegistryPolicyBody, strictly(RegistryPolicyBody), Body()],
    response: Response,
) -> Written:
    """Say what becomes of a registry's new value where its old one is in force."""
    command = SetRegistryPolicy(**asked.stamp(policy=body.policy))
    return written(response, await asked.ask(command))
