"""How the mail server is told to misbehave."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from standins.store import Store

SECONDS_MAX = 600
Place = Literal["ehlo", "mail", "rcpt", "data"]


class Faults(BaseModel):
    """Everything that can be made to go wrong; a `POST` changes what it names, the rest stays.

    `at` which command fails, `to` for which recipients (part of the address), `times` how often;
    null until it is cleared. `answer` is the code it fails with: 421 says goodbye too. `drop`
    breaks the connection in place of an answer; at `data` the mail was taken (`keep`) or not.
    `slow_seconds` passes before every answer to a text. `greylist` answers 450 that many times for
    each recipient.
    """

    model_config = ConfigDict(extra="forbid")

    at: Place = "rcpt"
    to: str = ""
    times: Annotated[int, Field(ge=0)] | None = 1
    answer: Annotated[int, Field(ge=400, le=599)] | None = None
    drop: bool = False
    keep: bool = True
    slow_seconds: Annotated[float, Field(ge=0, le=SECONDS_MAX)] = 0
    greylist: Annotated[int, Field(ge=0)] = 0

    @property
    def fails(self) -> bool:
        """Say whether anything fails."""
        return (self.drop or self.answer is not None) and self.times != 0


def present(store: Store) -> Faults:
    """Return how the server misbehaves now."""
    return Faults.model_validate_json(store.get("faults") or "{}")


def change(store: Store, wished: dict[str, Any]) -> Faults:
    """Misbehave as wished from now on."""
    faults = Faults.model_validate({**present(store).model_dump(), "times": 1, **wished})
    store.put("faults", faults.model_dump_json())
    return faults


def clear(store: Store) -> None:
    """Behave."""
    store.put("faults", "{}")
    store.run("DELETE FROM greylist")


def strike(store: Store, place: Place, recipient: str = "") -> Faults | None:
    """Return how this very command is to fail, if it is, and count it."""
    faults = present(store)
    if not faults.fails or faults.at != place or faults.to not in recipient:
        return None
    if faults.times is not None:
        left = faults.model_copy(update={"times": faults.times - 1})
        store.put("faults", left.model_dump_json())
    return faults


def is_greylisted(store: Store, recipient: str) -> bool:
    """Say whether a recipient is to wait, and count the try."""
    tries = present(store).greylist
    if not tries:
        return False
    store.run(
        "INSERT INTO greylist VALUES (?, 1)"
        " ON CONFLICT (recipient) DO UPDATE SET tries = tries + 1",
        recipient,
    )
    rows = store.rows("SELECT tries FROM greylist WHERE recipient = ?", recipient)
    return bool(rows[0]["tries"] <= tries)
