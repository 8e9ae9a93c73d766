"""The companies service, composed."""

from chassis.service import Service
from companies.company.wire import router as company
from companies.department.wire import router as department
from companies.policies.propose_what_the_registry_says_otherwise import (
    reaction as propose_what_the_registry_says_otherwise,
)
from companies.references import router as references
from companies.settings.wire import router as settings
from companies.subject.wire import router as subject
from companies.user.wire import router as user

service = Service(
    name="companies",
    routers=(company, user, department, settings, subject, references),
    reactions=(propose_what_the_registry_says_otherwise,),
)
