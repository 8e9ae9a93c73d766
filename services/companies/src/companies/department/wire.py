"""Where commands about departments arrive."""

from faststream.nats import NatsRouter

from chassis.answering import answer_commands
from companies.department.model import departments
from contracts.companies.department import DepartmentCommand

router = NatsRouter()
answer_commands(router, "companies", "department", departments, DepartmentCommand)
