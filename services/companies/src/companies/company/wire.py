"""Where commands about companies arrive."""

from faststream.nats import NatsRouter

from chassis.answering import answer_commands
from companies.company.model import companies
from contracts.companies.company import CompanyCommand

router = NatsRouter()
answer_commands(router, "companies", "company", companies, CompanyCommand)
