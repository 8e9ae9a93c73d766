"""The mail server that delivers nothing: what it catches, shows, and does wrong when told to."""

import smtplib
from collections.abc import Iterator
from email.message import EmailMessage

import httpx2
import pytest

from onebox.probe import PLAIN
from standins.testing import StandIn

SECONDS_MAX = 10.0


@pytest.fixture(scope="module")
def process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StandIn]:
    with StandIn(tmp_path_factory.mktemp("mail"), provider="mail") as running:
        yield running


@pytest.fixture
def server(process: StandIn) -> StandIn:
    process.control("DELETE", "faults")
    process.control("DELETE", "mails")
    return process


def written(subject: str = "Hej", text: str = "Räksmörgås.") -> EmailMessage:
    message = EmailMessage()
    message["From"], message["To"] = "us@firma.example", "anna@firma.example"
    message["Subject"], message["Message-ID"] = subject, "<1@firma.example>"
    message.set_content(text)
    message.add_alternative(f"<p>{text}</p>", subtype="html")
    return message


def send(server: StandIn, message: EmailMessage | None = None) -> None:
    port = server.control("GET", "smtp")["port"]
    with smtplib.SMTP("127.0.0.1", port, "localhost", SECONDS_MAX) as client:
        client.send_message(message or written())


def pages(server: StandIn) -> httpx2.Client:
    return httpx2.Client(base_url=server.url, timeout=SECONDS_MAX, verify=PLAIN)


def test_a_mail_is_caught_and_shown(server: StandIn) -> None:
    send(server)
    (mail,) = server.control("GET", "mails")
    assert (mail["subject"], mail["message_id"]) == ("Hej", "<1@firma.example>")
    assert mail["text"] == "Räksmörgås.\n"
    with pages(server) as http:
        listed = http.get("/").text
        assert "Hej" in listed
        assert "anna@firma.example" in listed
        assert "Räksmörgås" in http.get(f"/mails/{mail['id']}").text
        assert http.get("/mails/999999").status_code == 404


def test_a_mail_draws_itself_and_does_nothing(server: StandIn) -> None:
    send(server, written("<script>alert(1)</script>", "<script>alert(2)</script>"))
    (mail,) = server.control("GET", "mails")
    with pages(server) as http:
        for path in ("/", f"/mails/{mail['id']}"):
            answer = http.get(path)
            assert "<script>" not in answer.text
            assert "default-src 'none'" in answer.headers["content-security-policy"]


def test_what_was_caught_outlives_the_process(tmp_path_factory: pytest.TempPathFactory) -> None:
    with StandIn(tmp_path_factory.mktemp("mail"), provider="mail") as server:
        send(server)
        server.kill()
        server.start()
        assert len(server.control("GET", "mails")) == 1


@pytest.mark.parametrize("answer", [421, 450, 550])
def test_a_recipient_is_answered_as_asked_for_and_then_taken(server: StandIn, answer: int) -> None:
    server.control("POST", "faults", {"at": "rcpt", "answer": answer})
    with pytest.raises((smtplib.SMTPRecipientsRefused, smtplib.SMTPServerDisconnected)):
        send(server)
    send(server)
    assert len(server.control("GET", "mails")) == 1


def test_greylisting_answers_each_recipient_as_often_as_asked_for(server: StandIn) -> None:
    server.control("POST", "faults", {"greylist": 2})
    for _ in range(2):
        with pytest.raises(smtplib.SMTPRecipientsRefused) as refused:
            send(server)
        assert refused.value.recipients["anna@firma.example"][0] == 450
    send(server)
    assert len(server.control("GET", "mails")) == 1


@pytest.mark.parametrize("keep", [True, False])
def test_a_line_breaks_after_the_text_taken_or_not(server: StandIn, *, keep: bool) -> None:
    server.control("POST", "faults", {"at": "data", "drop": True, "keep": keep})
    with pytest.raises((smtplib.SMTPServerDisconnected, ConnectionError)):
        send(server)
    assert len(server.control("GET", "mails")) == keep


def test_only_those_named_are_concerned(server: StandIn) -> None:
    server.control("POST", "faults", {"answer": 550, "to": "bo@", "times": None})
    send(server)
    assert len(server.control("GET", "mails")) == 1


def test_what_makes_no_sense_is_not_wished(server: StandIn) -> None:
    with pages(server) as http:
        assert http.post("/_control/faults", json={"answer": 200}).status_code == 422
        assert http.post("/_control/faults", json={"colour": "red"}).status_code == 422
