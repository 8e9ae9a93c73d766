"""How answers are read: tolerantly of what is new, strictly of what is used."""

from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError

from credit_monitor.bureaus.port import Garbled

M = TypeVar("M")


def read(form: type[M] | Any, said: Any) -> M:
    """Read an answer; one that makes no sense is `Garbled`, without what it said."""
    try:
        answer: M = TypeAdapter(form).validate_python(said)
    except ValidationError as error:
        wrong = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in wrong["loc"])
        raise Garbled(f"not understood: {where}: {wrong['msg']}") from error
    return answer
