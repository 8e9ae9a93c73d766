"""Logging in: tokens that look like JWTs and expire, and an account that locks."""

import base64
import hashlib
import hmac
import json
import secrets
from dataclasses import dataclass

from standins.creditsafe import faults
from standins.creditsafe.clock import now
from standins.store import Store

BAD_LOGINS_MAX = 3
"""After so many wrong passwords in a row the account is locked."""


@dataclass(frozen=True, slots=True)
class Login:
    """What became of a login: a token, or why there is none."""

    token: str | None
    message: str = ""


@dataclass(frozen=True, slots=True)
class Account:
    """The one account this stand-in has."""

    username: str
    password: str


def log_in(store: Store, account: Account, username: str, password: str) -> Login:
    """Check a password; the third wrong one in a row locks the account."""
    bad = int(store.get("bad_logins") or 0)
    if bad >= BAD_LOGINS_MAX:
        return Login(None, "Access denied - your account has been locked")
    if (username, password) != (account.username, account.password):
        store.put("bad_logins", str(bad + 1))
        return Login(None, "Access denied - wrong username or password")
    store.put("bad_logins", "0")
    return Login(_issue(store, username))


def is_valid(store: Store, token: str) -> bool:
    """Say whether a token is ours and still good."""
    body, _, signature = token.rpartition(".")
    if not hmac.compare_digest(signature, _sign(store, body)):
        return False
    claims = json.loads(_decode(body.partition(".")[2]))
    generation = int(store.get("token_generation") or 0)
    return bool(claims["gen"] == generation and claims["exp"] > now().timestamp())


def _issue(store: Store, username: str) -> str:
    issued = now().timestamp()
    claims = {
        "sub": username,
        "iat": int(issued),
        "exp": issued + faults.present(store).token_seconds,
        "gen": int(store.get("token_generation") or 0),
        "jti": secrets.token_hex(8),
    }
    header = _encode(json.dumps({"alg": "HS256", "typ": "JWT"}).encode())
    body = f"{header}.{_encode(json.dumps(claims).encode())}"
    return f"{body}.{_sign(store, body)}"


def _sign(store: Store, body: str) -> str:
    secret = store.get("secret")
    if secret is None:
        secret = secrets.token_hex(32)
        store.put("secret", secret)
    return _encode(hmac.new(secret.encode(), body.encode(), hashlib.sha256).digest())


def _encode(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def _decode(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
