"""A stand-in's answers leave at once, whatever was acknowledged of them."""

import socket

from standins.serving import listening

HOST = "127.0.0.1"


def test_what_is_answered_waits_for_no_acknowledgement() -> None:
    with listening(HOST, 0) as listener, socket.create_connection(listener.getsockname()):
        answering, _ = listener.accept()
        with answering:
            assert answering.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
