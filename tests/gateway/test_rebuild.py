"""A read model built anew from history is the one that was kept up event by event."""

from datetime import date
from typing import Any

import pytest

from chassis.edge import new_id
from chassis.folding import Roles
from chassis.migrate import with_database
from chassis.postgres import connect
from chassis.projection import AnyProjection
from chassis.rebuild import rebuild
from chassis.tenancy import tenant_transaction
from contracts.companies.company import (
    CompanyCreated,
    CompanyDetailsChanged,
    CompanyIdentity,
    OwnerAdded,
    RelationStarted,
)
from contracts.companies.department import DepartmentAdded
from contracts.companies.settings import RegistryPolicySet, settings_of
from contracts.companies.user import UserAdded
from contracts.credit_alerts import (
    AlertPreferencesSet,
    AlertSettingsSet,
    CreditAlertAcknowledged,
    CreditAlertRaised,
)
from contracts.credit_monitor import CompanyRated, MonitoringStarted
from contracts.credit_policy import CreditPolicy, CreditPolicySet, credit_policy_of
from contracts.enrichment import CompanyEnriched
from contracts.examples import example
from contracts.values import CompanyDetails, Sealed
from gateway.app import service
from onebox.testing import Servers

pytestmark = pytest.mark.servers

OWN = "gatewaytest_gateway"


async def rows(tenant: Any, projection: AnyProjection) -> list[str]:
    async with tenant_transaction(tenant.site.reader, tenant.name) as connection:
        found = await connection.fetch(f"SELECT to_jsonb(r)::text AS row FROM {projection.name} r")
    return sorted(row["row"] for row in found)


@pytest.mark.parametrize("projection", service.projections, ids=lambda one: one.name)
async def test_a_rebuilt_read_model_is_the_same(
    servers: Servers,
    ours: Any,
    projection: AnyProjection,
) -> None:
    company, user = new_id(), new_id()
    identity = CompanyIdentity(country="SE", number="5571200434")
    email = Sealed(subject=company, text="kansli@sjovik.example")
    everything = [
        CompanyCreated(company_id=company, origin="HAND", identity=identity, name="Ett AB"),
        CompanyDetailsChanged(company_id=company, details=CompanyDetails(email=email)),
        RelationStarted(company_id=company, relation="customer", since=date(2026, 1, 1)),
        OwnerAdded(company_id=company, user_id=user),
        *(
            example(form).model_copy(update={"company_id": company})
            for form in (CompanyEnriched, CompanyRated, MonitoringStarted)
        ),
        example(UserAdded).model_copy(update={"user_id": user}),
        DepartmentAdded(department_id=new_id(), name="Försäljning"),
        RegistryPolicySet(settings_id=settings_of(ours.name), policy="propose"),
        CreditPolicySet(policy_id=credit_policy_of(ours.name), policy=CreditPolicy()),
        *(example(form) for form in (CreditAlertRaised, CreditAlertAcknowledged)),
        *(example(form) for form in (AlertPreferencesSet, AlertSettingsSet)),
    ]
    for event in everything:
        await ours.hears(event)
    before = await rows(ours, projection)
    assert before
    url = with_database(servers.admin_url, OWN)
    connection = await connect(url, "test")
    try:
        await connection.execute('SET ROLE "gatewaytest_owner"')
        await connection.execute("SELECT set_config('app.service_role', $1, false)", OWN)
        await rebuild(connection, projection, Roles("gatewaytest_owner", OWN))
    finally:
        await connection.close()
    assert await rows(ours, projection) == before
