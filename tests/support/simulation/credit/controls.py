"""Protections that can be taken away from the credit watch, and the weather that shows it."""

from support.simulation.credit.weather import FAIR, Size, Weather

SMALL = Size(changes=1_500, companies=60, days=6)
FEW = Size(changes=150, companies=20, days=2)
BUSY = Size(changes=1_500, companies=20, days=6)
CROWDED = Size(changes=800, companies=3, days=6)
DENSE = Size(changes=1_500, companies=12, days=6)
LATE = Weather(moods=(("prompt", 40), ("late", 60)), there_and_back=0.3)
LOST = Weather(moods=(("prompt", 70), ("forgets", 30)), dies=0, freezes=0)
HALVES = Weather(moods=(("prompt", 50), ("halves", 50)), there_and_back=0.4, dies=0, freezes=0)
DEADLY = Weather(dies=0.1)
BACK = Weather(moods=(("prompt", 60), ("forgets", 40)), there_and_back=0.5, dies=0, freezes=0)
FROZEN = Weather(moods=(("prompt", 70), ("forgets", 30)), dies=0, freezes=0.6)

CONTROLS: dict[str, tuple[str, Weather, Size]] = {
    "readings overlap": ("A reading begins before where the last one ended.", LATE, SMALL),
    "notices known": ("A notification is kept once, however often it is read.", FAIR, FEW),
    "changes dated": ("What is settled is settled up to a moment.", FAIR, SMALL),
    "settling patient": ("What is not told yet is waited for.", LOST, BUSY),
    "nights reconciled": ("Each night the portfolio is compared with what we have.", FAIR, SMALL),
    "work fenced": ("Who was overtaken writes nothing.", FROZEN, CROWDED),
    "told in order": ("What was told out of order is put in order.", LATE, SMALL),
    "halves waited for": ("A side may be there and back before it is told.", HALVES, BUSY),
    "seen since": ("What is so is so since it was first seen, and not only now.", BACK, DENSE),
    "alerts known": ("Each event is taken in once.", FAIR, FEW),
    "gaps noticed": ("What comes before an event is waited for.", FAIR, FEW),
    "acknowledged when kept": ("What is not committed comes again.", DEADLY, FEW),
}
"""By what each is called, with what it promises and where its absence shows."""
