"""What routes are given: the site, and a caller who may do what the route is for."""

from typing import Annotated

from fastapi import Depends
from starlette.requests import Request

from chassis.site import Site
from gateway.access.keys import Principal
from gateway.access.permit import May
from gateway.access.roles import Permission


async def site_of(request: Request) -> Site:
    """Return what this process stands on; awaited, as anything else is called in a thread."""
    site: Site = request.app.state.site
    return site


Here = Annotated[Site, Depends(site_of)]

CompanyReader = Annotated[Principal, Depends(May(Permission.READ_COMPANIES))]
CompanyChanger = Annotated[Principal, Depends(May(Permission.CHANGE_COMPANIES))]
RegistryReader = Annotated[Principal, Depends(May(Permission.READ_REGISTRY))]
CreditReader = Annotated[Principal, Depends(May(Permission.READ_CREDIT))]
CreditChecker = Annotated[Principal, Depends(May(Permission.CHECK_CREDIT))]
CreditManager = Annotated[Principal, Depends(May(Permission.MANAGE_CREDIT))]
EventReader = Annotated[Principal, Depends(May(Permission.READ_EVENTS))]
UserReader = Annotated[Principal, Depends(May(Permission.READ_USERS))]
UserManager = Annotated[Principal, Depends(May(Permission.MANAGE_USERS))]
BureauManager = Annotated[Principal, Depends(May(Permission.MANAGE_BUREAUS))]
KeyManager = Annotated[Principal, Depends(May(Permission.MANAGE_KEYS))]
AlertReader = Annotated[Principal, Depends(May(Permission.READ_ALERTS))]
AlertAcknowledger = Annotated[Principal, Depends(May(Permission.ACKNOWLEDGE_ALERTS))]
MailChooser = Annotated[Principal, Depends(May(Permission.CHOOSE_MAIL))]
