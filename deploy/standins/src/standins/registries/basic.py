"""Basic authentication (RFC 7617), as several registries want it."""

import base64
import hmac


def is_basic(header: str, user: str, password: str) -> bool:
    """Say whether a header carries these credentials."""
    wanted = "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()
    return hmac.compare_digest(header, wanted)
