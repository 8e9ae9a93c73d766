"""Where commands about users arrive."""

from faststream.nats import NatsRouter

from chassis.answering import answer_commands
from companies.user.model import users
from contracts.companies.user import UserCommand

router = NatsRouter()
answer_commands(router, "companies", "user", users, UserCommand)
