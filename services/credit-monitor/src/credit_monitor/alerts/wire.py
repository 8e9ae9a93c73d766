"""Where commands about alerts arrive."""

from faststream.nats import NatsRouter

from chassis.answering import answer_commands
from contracts.credit_alerts import AcknowledgeAlert, SetAlertPreferences, SetAlertSettings
from credit_monitor.alerts.model import alerts_
from credit_monitor.alerts.ways import preferences, settings

SERVICE = "credit-monitor"

router = NatsRouter()
answer_commands(router, SERVICE, AcknowledgeAlert.aggregate, alerts_, AcknowledgeAlert)
answer_commands(router, SERVICE, SetAlertPreferences.aggregate, preferences, SetAlertPreferences)
answer_commands(router, SERVICE, SetAlertSettings.aggregate, settings, SetAlertSettings)
