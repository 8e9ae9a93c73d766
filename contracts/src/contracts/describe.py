"""What is said between the services, described for machines: JSON Schema and AsyncAPI 3.0.

`python -m contracts.describe` writes the documents; a test compares them with the code.
"""

import json
import sys
from pathlib import Path
from types import MappingProxyType
from typing import Any

from contracts.catalogue import COMMANDS, EVENTS, QUERIES, SOURCES
from contracts.companies.references import FindReferences, FoundReferences
from contracts.credit_bureaus import CreditBureau, HintFromBureau, ShowCreditBureau
from contracts.credit_checks import CreditCosts, OpenCreditReport, OpenedReports, ReadCreditCosts
from contracts.enrichment import (
    ForgetSearch,
    LookUpCompany,
    RegistryEntry,
    RegistryHits,
    SearchRegistry,
)
from contracts.envelope import CONTENT_TYPE
from contracts.examples import example, name_of
from contracts.message import Answer, Message, Problem, Query, Reply

FOLDER = Path(__file__).parents[2] / "schemas"
ASYNCAPI = "asyncapi.json"
DIALECT = "https://json-schema.org/draft/2020-12/schema"
ANSWERS = MappingProxyType[type[Query], type[Message]](
    {
        FindReferences: FoundReferences,
        SearchRegistry: RegistryHits,
        LookUpCompany: RegistryEntry,
        ReadCreditCosts: CreditCosts,
        OpenCreditReport: OpenedReports,
        ShowCreditBureau: CreditBureau,
    }
)
ASKED = MappingProxyType[type[Query], str](
    {
        FindReferences: "companies",
        **dict.fromkeys((SearchRegistry, ForgetSearch, LookUpCompany), "enrichment"),
        **dict.fromkeys(
            (ReadCreditCosts, OpenCreditReport, ShowCreditBureau, HintFromBureau), "credit-monitor"
        ),
    }
)
"""Which service answers each."""
OUTGOING: tuple[type[Message], ...] = (*ANSWERS.values(), Answer, Problem, Reply)
MESSAGES: tuple[type[Message], ...] = (
    *COMMANDS.values(),
    *EVENTS.values(),
    *QUERIES.values(),
    *OUTGOING,
)

HEADERS = MappingProxyType(
    {
        "ce-specversion": "The version of CloudEvents: 1.0.",
        "ce-id": "The event's own id, which is also its Nats-Msg-Id.",
        "ce-source": "The service that recorded it, as /kundvakt/<service>.",
        "ce-type": "The event's name and version.",
        "ce-subject": "The stream it belongs to, as <category>/<stream id>.",
        "ce-time": "When it was recorded, in UTC.",
        "ce-tenant": "The tenant it belongs to.",
        "ce-streamversion": "Its place in its own stream, from 1.",
        "ce-position": "Its place among all events of its source, from 1 and without gaps.",
        "ce-actor": "Who acted: key:…, user:…, policy:… or system:…; never a name.",
        "ce-commandid": "The command that it answers.",
        "ce-correlationid": "The request that began it all.",
        "ce-causationid": "The event that led to it; absent when a request did.",
        "ce-traceparent": "The W3C trace it belongs to.",
        "content-type": "The form of the body: JSON.",
    }
)
OPTIONAL_HEADERS = frozenset({"ce-causationid", "ce-traceparent"})


def schema(message: type[Message]) -> dict[str, Any]:
    """Return the JSON Schema of a message as it stands on the wire."""
    found = message.model_json_schema(mode="serialization")
    return {"$schema": DIALECT, "$id": f"urn:kundvakt:message:{name_of(message)}", **found}


def asyncapi() -> dict[str, Any]:
    """Return the AsyncAPI document: who says what, on which subject, with which headers."""
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Kundvakt",
            "version": "1",
            "description": "Commands ask, events tell, queries look up; all of it over NATS.",
        },
        "defaultContentType": CONTENT_TYPE,
        "channels": {**_event_channels(), **_command_channels(), **_query_channels()},
        "operations": {**_event_operations(), **_asking_operations()},
        "components": {
            "messages": {name_of(message): _message(message) for message in MESSAGES},
            "schemas": {"cloudEventHeaders": _headers()},
        },
    }


def documents() -> dict[str, str]:
    """Return every document by its file name."""
    found = {f"{name_of(message)}.json": schema(message) for message in MESSAGES}
    found[ASYNCAPI] = asyncapi()
    return {
        name: json.dumps(document, indent=2, ensure_ascii=False) + "\n"
        for name, document in sorted(found.items())
    }


def write(folder: Path) -> None:
    """Write every document, and remove those of messages that are no more."""
    folder.mkdir(parents=True, exist_ok=True)
    wanted = documents()
    for stale in set(folder.glob("*.json")) - {folder / name for name in wanted}:
        stale.unlink()
    for name, text in wanted.items():
        (folder / name).write_text(text, encoding="utf-8")


def _message(message: type[Message]) -> dict[str, Any]:
    """Describe one message; its schema is the file beside this document."""
    name = name_of(message)
    described: dict[str, Any] = {
        "name": name,
        "title": message.__name__,
        "summary": " ".join((message.__doc__ or "").partition("\n\n")[0].split()),
        "contentType": CONTENT_TYPE,
        "payload": {"$ref": f"./{name}.json"},
        "examples": [{"payload": example(message).model_dump(mode="json", exclude_none=True)}],
    }
    if name in EVENTS:
        described["headers"] = {"$ref": "#/components/schemas/cloudEventHeaders"}
    return described


def _headers() -> dict[str, Any]:
    return {
        "type": "object",
        "description": "CloudEvents 1.0 in NATS binary mode, with Kundvakt's own attributes.",
        "properties": {
            name: {"type": "string", "description": said} for name, said in HEADERS.items()
        },
        "required": [name for name in HEADERS if name not in OPTIONAL_HEADERS],
    }


def _named(messages: list[type[Message]]) -> dict[str, Any]:
    return {
        name_of(message): {"$ref": f"#/components/messages/{name_of(message)}"}
        for message in messages
    }


def _event_channels() -> dict[str, Any]:
    """Return one channel a kind of stream: its events' names end the subject."""
    channels: dict[str, Any] = {}
    for category in sorted({event.category for event in EVENTS.values()}):
        events = [event for event in EVENTS.values() if event.category == category]
        channels[f"{category}-events"] = {
            "address": f"evt.{{tenant}}.{category}.{{stream}}.{{event}}",
            "description": "In JetStream, in the order they happened in.",
            "parameters": {
                "tenant": {"description": "The tenant's slug."},
                "stream": {"description": "The id of what it is about."},
                "event": {"enum": sorted({name_of(event).partition(".")[0] for event in events})},
            },
            "messages": _named([*events]),
        }
    return channels


def _command_channels() -> dict[str, Any]:
    channels: dict[str, Any] = {}
    for aggregate in sorted({command.aggregate for command in COMMANDS.values()}):
        commands = [command for command in COMMANDS.values() if command.aggregate == aggregate]
        channels[f"{aggregate}-commands"] = {
            "address": f"{SOURCES[aggregate]}.command.{aggregate}",
            "messages": _named([*commands]),
        }
        channels[f"{aggregate}-replies"] = {"address": None, "messages": _named([Reply])}
    return channels


def _query_channels() -> dict[str, Any]:
    channels: dict[str, Any] = {}
    for name, query in QUERIES.items():
        channels[name] = {"address": f"{ASKED[query]}.query.{name}", "messages": _named([query])}
        if query not in ANSWERS:
            continue
        # A problem comes back as a `Reply` whatever was asked.
        channels[f"{name}-replies"] = {
            "address": None,
            "messages": _named([ANSWERS[query], Reply]),
        }
    return channels


def _event_operations() -> dict[str, Any]:
    return {
        f"tell-{channel}": {"action": "send", "channel": {"$ref": f"#/channels/{channel}"}}
        for channel in _event_channels()
    }


def _asking_operations() -> dict[str, Any]:
    """Return what is taken by request/reply: the reply goes to the asker's own inbox."""
    asked = {
        **{channel: f"{channel.removesuffix('-commands')}-replies" for channel in _commanded()},
        **{name: f"{name}-replies" for name, query in QUERIES.items() if query in ANSWERS},
    }
    heard = {
        f"hear-{name}": {"action": "receive", "channel": {"$ref": f"#/channels/{name}"}}
        for name, query in QUERIES.items()
        if query not in ANSWERS
    }
    return heard | {
        f"take-{channel}": {
            "action": "receive",
            "channel": {"$ref": f"#/channels/{channel}"},
            "reply": {
                "address": {"location": "$message.header#/reply"},
                "channel": {"$ref": f"#/channels/{replies}"},
            },
        }
        for channel, replies in asked.items()
    }


def _commanded() -> list[str]:
    return [channel for channel in _command_channels() if channel.endswith("-commands")]


if __name__ == "__main__":
    write(Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER)
