"""What a tenant decides about its own ways of working."""

from chassis.testing import scenario
from companies.settings.model import settings_
from contracts.companies.settings import RegistryPolicySet, SetRegistryPolicy, settings_of
from contracts.examples import example

given = scenario(settings_)
choose, chosen = example(SetRegistryPolicy), example(RegistryPolicySet)
follow = choose.model_copy(update={"policy": "write"})


def test_a_policy_is_told_where_it_is_another() -> None:
    given().when(choose).then(chosen)
    given(chosen).when(choose).then_nothing()
    given().when(follow).then_nothing()
    given(chosen).when(follow).then(chosen.model_copy(update={"policy": "write"}))


def test_each_tenant_has_settings_of_its_own() -> None:
    assert settings_of("demo") == chosen.settings_id
    assert settings_of("demo") != settings_of("other")
