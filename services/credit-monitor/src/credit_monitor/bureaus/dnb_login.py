"""How D&B Direct+ is called: its login and its manners.

Source: D&B's integration guides for Direct+ monitoring 2.02. A token lasts a day; five calls a
second are allowed; 404 is "nothing there", of matches as of queues.
"""

import base64

from chassis import breaker
from credit_monitor.bureaus.line import Line, Manners
from credit_monitor.bureaus.logins import Logins, fingerprint
from credit_monitor.bureaus.port import Garbled
from credit_monitor.bureaus.tokens import Token, Tokens

A_SECOND, AT_ONCE = 5.0, 5
ANSWERS = frozenset({200, 201, 202, 204, 400, 403, 404, 409})
REFUSED = frozenset({400, 401, 403})
TOKEN_LIFE_SECONDS = 86_400.0


def direct(
    url: str,
    key: str,
    secret: str,
    logins: Logins,
    *,
    left_alone_seconds: float = breaker.OPEN_SECONDS_FIRST,
    a_second: float = A_SECOND,
) -> Line:
    """Return a logged-in client of Direct+."""
    manners = Manners(a_second, AT_ONCE, ANSWERS, left_alone_seconds)
    return Line("dnb", url, Tokens(KeyAndSecret(key, secret), logins), manners)


class KeyAndSecret:
    """Exchanges a key and its secret for a token."""

    def __init__(self, key: str, secret: str) -> None:
        self._basic = base64.b64encode(f"{key}:{secret}".encode()).decode()
        self.fingerprint = fingerprint(key, secret)

    async def fetch(self, line: Line) -> Token | None:
        """Return a new token, or nothing where D&B refuses the secret."""
        answer = await line.send(
            "token",
            "login",
            "POST",
            "v2/token",
            headers={"Authorization": f"Basic {self._basic}"},
            json={"grant_type": "client_credentials"},
        )
        if answer.status_code in REFUSED:
            return None
        try:
            said = line.judged("token", answer).json()
            text, life = said["access_token"], said.get("expiresIn")
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise Garbled("token: no token in the answer") from error
        if not isinstance(text, str):
            raise Garbled("token: no token in the answer")
        seconds = float(life) if isinstance(life, int | float) and life > 0 else TOKEN_LIFE_SECONDS
        return Token(text, min(TOKEN_LIFE_SECONDS, seconds))
