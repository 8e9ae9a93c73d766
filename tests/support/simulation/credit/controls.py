"""Protections that can be taken away from the credit watch, and the weather that shows it."""

from support.simulation.credit.weather import FAIR, Size, Weather

SMALL = Size(changes=1_500, companies=60, days=6)
FEW = Size(changes=150, companies=20, days=2)
BUSY = Size(changes=1_500, companies=20, days=6)
CROWDED = Size(changes=400, companies=4, days=6)
LATE = Weather(moods=(("prompt", 40), ("late", 60)), there_and_back=0.3)
LOST = Weather(moods=(("prompt", 70), ("forgets", 30)), dies=0, freezes=0)
FROZEN = Weather(moods=(("prompt", 70), ("forgets", 30)), dies=0, freezes=0.6)

CONTROLS: dict[str, tuple[str, Weather, Size]] = {
    "readings overlap": ("A reading begins before where the last one ended.", LATE, SMALL),
    "notices known": ("A notification is kept once, however often it is read.", FAIR, FEW),
    "changes dated": ("What is settled is settled up to a moment.", FAIR, SMALL),
    "settling patient": ("What is not told yet is waited for.", LOST, BUSY),
    "nights reconciled": ("Each night the portfolio is compared with what we have.", FAIR, SMALL),
    "work fenced": ("Who was overtaken writes nothing.", FROZEN, CROWDED),
    "alerts known": ("Each event is taken in once.", FAIR, FEW),
}
"""By what each is called, with what it promises and where its absence shows."""
