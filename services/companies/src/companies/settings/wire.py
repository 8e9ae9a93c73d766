"""Where commands about a tenant's settings arrive."""

from faststream.nats import NatsRouter

from chassis.answering import answer_commands
from companies.settings.model import settings_
from contracts.companies.settings import SettingsCommand

router = NatsRouter()
answer_commands(router, "companies", "settings", settings_, SettingsCommand)
