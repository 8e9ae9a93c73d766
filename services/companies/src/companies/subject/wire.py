"""Where commands about subjects arrive."""

from faststream.nats import NatsRouter

from chassis.answering import answer_commands
from companies.subject.model import subjects
from contracts.companies.subject import EraseSubject

router = NatsRouter()
answer_commands(router, "companies", "subject", subjects, EraseSubject)
