"""The ledger and the tally: on disk before anything else, and one line at the end."""

from pathlib import Path

import orjson

from support.faults.ledger import Intent, Ledger
from support.faults.tally import Tally


async def test_an_intent_is_on_disk_before_it_is_sent_and_its_answers_after(tmp_path: Path) -> None:
    file = tmp_path / "ledger"
    ledger = Ledger(file)
    entry = await ledger.intend(Intent("k", "t", "POST", "/companies"))
    assert orjson.loads(file.read_bytes())["intent"]["key"] == "k"
    await ledger.answered(entry, "unknown", 503, {})
    await ledger.answered(entry, "ok", 201, {"position": 7})
    assert [orjson.loads(line).get("said") for line in file.read_bytes().splitlines()] == [
        None,
        "unknown",
        "ok",
    ]
    assert (entry.first, entry.last, entry.position) == ("unknown", "ok", 7)
    assert ledger.failed_first == [entry]
    ledger.close()


def test_the_tally_says_it_in_one_line() -> None:
    tally = Tally()
    tally.injected("kill", 3)
    tally.injected("pause")
    tally.checked(acknowledged=10, lost=0, doubled=0)
    assert tally.line() == "faults: 4 injected, 10 acknowledged, 0 lost, 0 doubled"
    assert not tally.failed(4)


def test_a_session_fails_that_lost_or_doubled_something_or_tried_too_little() -> None:
    lost, doubled, little = Tally(), Tally(), Tally()
    lost.checked(1, lost=1, doubled=0)
    doubled.checked(1, lost=0, doubled=1)
    assert lost.failed(0)
    assert doubled.failed(0)
    assert little.failed(1)
