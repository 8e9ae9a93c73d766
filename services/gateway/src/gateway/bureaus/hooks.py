"""Where bureaus push to: answered at once, and taken for no more than a hint to read.

Whoever calls has no key: the address is the secret. What is sent is not even looked at.
"""

import re
from typing import Annotated

from fastapi import APIRouter, Path
from starlette.responses import Response

from contracts.credit_bureaus import HintFromBureau
from gateway.asked_by import Here
from gateway.problems import not_found

router = APIRouter(prefix="/bureaus/tic", tags=["settings"])

FORM = r"^[a-z0-9](?:[a-z0-9-]{0,30}[a-z0-9])\.[0-9a-f]{64}$"


@router.post("/hooks/{secret}", status_code=202, response_class=Response)
async def hear_of_tic(
    site: Here, secret: Annotated[str, Path(max_length=100, description="As it was given out.")]
) -> Response:
    """Note that TIC has something to tell; it is fetched by and by."""
    tenant, _, token = secret.partition(".")
    if not re.fullmatch(FORM, secret):
        raise not_found("hook")
    await site.ask.tell("credit-monitor", HintFromBureau(tenant=tenant, bureau="tic", token=token))
    return Response(status_code=202)
