"""How Creditsafe Connect is called: its login, its manners, its version.

Source: the vendor's OpenAPI description 1.10.4. A token lasts an hour; a login that was refused
is never repeated by itself.
"""

import base64
import binascii
import json
from urllib.parse import urlsplit

from chassis import breaker
from credit_monitor.bureaus.line import Line, Manners
from credit_monitor.bureaus.logins import Logins, fingerprint
from credit_monitor.bureaus.port import Garbled
from credit_monitor.bureaus.tokens import Token, Tokens

VERSION = "v1"
A_SECOND, AT_ONCE = 50.0, 50
"""The bureau publishes no limit but 429, which slows us down; this keeps a mistake from harm."""
ANSWERS = frozenset({200, 204, 400, 403, 404, 409})
"""What the bureau means to say; every other status is trouble."""
TOKEN_LIFE_SECONDS = 3600.0
REFUSED = frozenset({400, 401, 403})


class Connect(Line):
    """A logged-in client of Connect."""

    def __init__(
        self,
        url: str,
        username: str,
        password: str,
        logins: Logins,
        left_alone_seconds: float = breaker.OPEN_SECONDS_FIRST,
    ) -> None:
        manners = Manners(A_SECOND, AT_ONCE, ANSWERS, left_alone_seconds)
        exchange = Password(username, password)
        super().__init__("creditsafe", _with_version(url), Tokens(exchange, logins), manners)


class Password:
    """Exchanges a password for a token."""

    def __init__(self, username: str, password: str) -> None:
        self._credentials = {"username": username, "password": password}
        self.fingerprint = fingerprint(username, password)

    async def fetch(self, line: Line) -> Token | None:
        """Return a new token, or nothing where the bureau refuses the password."""
        answer = await line.send(
            "authenticate", "login", "POST", "authenticate", json=self._credentials
        )
        if answer.status_code in REFUSED:
            return None
        try:
            text = line.judged("authenticate", answer).json()["token"]
        except (ValueError, KeyError, TypeError) as error:
            raise Garbled("authenticate: no token in the answer") from error
        if not isinstance(text, str):
            raise Garbled("authenticate: no token in the answer")
        return Token(text, _life(text))


def _with_version(url: str) -> str:
    """Return the URL that paths are put after; one that names no version gets ours."""
    bare = url.rstrip("/")
    return f"{bare}/" if urlsplit(bare).path else f"{bare}/{VERSION}/"


def _life(token: str) -> float:
    """Return how long a token lasts, as it says itself (RFC 7519 §4.1)."""
    try:
        body = token.split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
        return max(1.0, min(TOKEN_LIFE_SECONDS, float(claims["exp"]) - float(claims["iat"])))
    except (IndexError, KeyError, TypeError, ValueError, binascii.Error):
        return TOKEN_LIFE_SECONDS
