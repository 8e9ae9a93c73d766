"""What each role may do: a route names its permission, and no role has any by default."""

from enum import StrEnum

from contracts.companies.user import Role


class Permission(StrEnum):
    """Something a route lets its caller do."""

    READ_COMPANIES = "companies:read"
    CHANGE_COMPANIES = "companies:change"
    READ_REGISTRY = "registry:read"
    READ_CREDIT = "credit:read"
    CHECK_CREDIT = "credit:check"
    MANAGE_CREDIT = "credit:manage"
    READ_EVENTS = "events:read"
    READ_USERS = "users:read"
    MANAGE_USERS = "users:manage"
    MANAGE_KEYS = "keys:manage"
    READ_ALERTS = "alerts:read"
    ACKNOWLEDGE_ALERTS = "alerts:acknowledge"
    CHOOSE_MAIL = "alerts:choose-mail"
    MANAGE_BUREAUS = "bureaus:manage"


READING = frozenset(
    {
        Permission.READ_COMPANIES,
        Permission.READ_REGISTRY,
        Permission.READ_CREDIT,
        Permission.READ_EVENTS,
        Permission.READ_USERS,
        Permission.READ_ALERTS,
    }
)
CHANGING = READING | {
    Permission.CHANGE_COMPANIES,
    Permission.CHECK_CREDIT,
    Permission.ACKNOWLEDGE_ALERTS,
    Permission.CHOOSE_MAIL,
}
MANAGING = CHANGING | {
    Permission.MANAGE_USERS,
    Permission.MANAGE_KEYS,
    Permission.MANAGE_CREDIT,
    Permission.MANAGE_BUREAUS,
}

ALLOWED: dict[Role, frozenset[Permission]] = {
    Role.READER: READING,
    Role.USER: CHANGING,
    Role.ADMIN: MANAGING,
    Role.OPERATOR: MANAGING,
}
