"""The main job as one function, and what it must lead to whatever dies on the way."""

from collections import Counter

from chassis.edge import new_id
from support.box import Client, RunningBox, eventually

EXPECTED = {
    "CompanyCreated": 1,
    "RelationStarted": 1,
    "CompanyEnriched": 1,
    "CompanyRated": 1,
    "MonitoringStarted": 1,
    "CreditRatingChanged": 1,
    "CompanyArchived": 1,
    "MonitoringStopped": 1,
}
"""Each once."""
STANDS_STILL_LOOKS = 12
"""Looks at the timeline without a change; longer than a poll of the bureau takes."""


def journey(box: RunningBox, client: Client, number: str) -> Counter[str]:
    """Lead a company from its creation to its archiving; count its events."""
    created = client.create(
        str(new_id()),
        registry={"country": "SE", "organisation_number": number},
        relations=["customer"],
    )
    company = created["company_id"]
    score = client.watched(company)["credit"]["score"]
    wanted = "63" if score != "63" else "44"
    change = {"score": int(wanted)}
    eventually(
        lambda: (
            box.bureau.post(f"/_control/companies/SE/{number}", json=change).status_code == 200
            or None
        ),
        "the stand-in to take the change",
    )

    def changed() -> bool | None:
        answer = client.http.get(f"/companies/{company}")
        fine = answer.status_code == 200 and answer.json()["credit"]["score"] == wanted
        return True if fine else None

    eventually(changed, "the new score on the card")
    refused = {"Idempotency-Key": str(new_id())}
    missing = f"/companies/{company}/relations/supplier-product"
    eventually(
        lambda: client.http.delete(missing, headers=refused).status_code == 404 or None,
        "the refusal to end what never began",
    )
    archive = {"Idempotency-Key": str(new_id())}
    eventually(
        lambda: (
            client.http.post(f"/companies/{company}/archive", headers=archive).is_success or None
        ),
        "the archiving",
    )
    eventually(lambda: client.watch(company) == "stopped" or None, "the end of the watch")
    return told(client, company)


def told(client: Client, company: str) -> Counter[str]:
    """Count a company's events once all that is expected is there, or more, and stands still."""
    seen = [Counter[str]()]

    def settled() -> Counter[str] | None:
        answer = client.http.get(f"/companies/{company}/timeline", params={"limit": 200})
        if answer.status_code != 200:
            return None
        seen.append(Counter(item["event"] for item in answer.json()["items"]))
        last = seen[-STANDS_STILL_LOOKS:]
        still = len(last) == STANDS_STILL_LOOKS and all(count == last[0] for count in last)
        return seen[-1] if still and not Counter(EXPECTED) - seen[-1] else None

    return eventually(settled, f"all of the story, still; it was {seen[-1]}")
