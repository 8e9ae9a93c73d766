"""Names as companies have them: families, trades, places and words that were made up."""

from collections.abc import Callable

from enrichment.sample.dice import Dice
from enrichment.sample.row import Row
from enrichment.sample.words import Trade, Words

NEAR_DUPLICATES_PER_MILLE = 50
LONG_PER_MILLE = 10
HOUSING = ("BRF", "BRL")
"""Whatever their name, they own the house that their members live in."""
INITIALS = "ABCEGHIJKLMPRSTÅÖ"
SYLLABLES_IN_TEN = 4
LONGER_IN_TEN = 7
"""Of ten made-up words four are of syllables, three of a start, a middle and an end: a register
of two million names has hundreds of thousands of words, most of which stand in one name."""


def company_name(row: Row, form: str, words: Words) -> tuple[str, Trade]:
    """Return a name with its legal form, and the trade in it.

    Now and then it is nearly the name of the row before.
    """
    dice = row.dice("name")
    near = row.index > 0 and dice.chance(NEAR_DUPLICATES_PER_MILLE)
    cores = (row.before() if near else row).dice("core")
    trade = cores.pick(words.trades)
    core = _core(cores, trade, words)
    if near:
        core = _nearly(core, dice, words)
    if dice.chance(LONG_PER_MILLE):
        core = _long(core, dice, words)
    if form in HOUSING:
        trade = next(trade for trade in words.trades if trade.code.startswith("68"))
    return (_swedish if row.country == "SE" else _norwegian)(core, form, dice, words), trade


def _core(dice: Dice, trade: Trade, words: Words) -> str:
    return dice.weighted(PATTERNS)(dice, trade, words)


def _numbered(dice: Dice, _: Trade, words: Words) -> str:
    return f"{_coined(dice, words)} {10 + dice.below(90)}"


def _founded(dice: Dice, trade: Trade, words: Words) -> str:
    return f"{words.place(dice).name}{trade.word.lower()} {1900 + dice.below(130)}"


def _initialled(dice: Dice, _: Trade, words: Words) -> str:
    return f"{dice.pick(INITIALS)}.{dice.pick(INITIALS)}. {dice.pick(words.surnames)}"


PATTERNS: tuple[tuple[int, Callable[[Dice, Trade, Words], str]], ...] = (
    (22, lambda dice, trade, words: f"{_family(dice, words)} {trade.word}"),
    (10, lambda dice, trade, words: f"{_genitive(words.place(dice).name)} {trade.word}"),
    (24, lambda dice, trade, words: f"{_coined(dice, words)} {trade.word}"),
    (12, lambda dice, _, words: _coined(dice, words)),
    (7, lambda dice, _, words: f"{dice.pick(words.surnames)} & {dice.pick(words.surnames)}"),
    (6, lambda dice, trade, words: f"{trade.word} i {words.place(dice).name}"),
    (4, lambda dice, trade, words: f"{_pair(dice, words)} {trade.word}"),
    (5, _initialled),
    (4, lambda dice, trade, words: f"{_genitive(dice.pick(words.surnames))} Café & {trade.word}"),
    (3, _numbered),
    (3, _founded),
)
"""How names are put together, and how often so."""


def _pair(dice: Dice, words: Words) -> str:
    return f"{dice.pick(words.surnames)}-{dice.pick(words.surnames)}"


def _family(dice: Dice, words: Words) -> str:
    surname = dice.pick(words.surnames)
    return _genitive(surname) if dice.chance(500) else surname


def _coined(dice: Dice, words: Words) -> str:
    """Make up a word, as brands are; no letter stands three times in a row."""
    kind = dice.below(10)
    if kind < SYLLABLES_IN_TEN:
        start = (_syllable(dice, words) + _syllable(dice, words)).capitalize()
    else:
        start = dice.pick(words.starts)
        if kind < LONGER_IN_TEN:
            start = _joined(start, dice.pick(words.middles))
    return _joined(start, dice.pick(words.ends))


def _syllable(dice: Dice, words: Words) -> str:
    return dice.pick(words.onsets) + dice.pick(words.vowels) + dice.pick(words.codas)


def _joined(start: str, end: str) -> str:
    return start + (end[1:] if start[-1] == end[0] else end)


def _genitive(name: str) -> str:
    return name if name[-1] in "sxz" else name + "s"


def _nearly(core: str, dice: Dice, words: Words) -> str:
    return dice.pick(
        (
            f"Nya {core}",
            f"{core} {words.place(dice).name}",
            f"{core} 2",
            core.replace("ss", "s") if "ss" in core else f"{core}s",
        )
    )


def _long(core: str, dice: Dice, words: Words) -> str:
    trades = " ".join(f"{dice.pick(words.trades).word}," for _ in range(9))
    return f"{core} {trades} {dice.pick(words.trades).word} & Service {words.place(dice).name}"


SWEDISH_FORMS = {
    "AB": (
        (80, "{} AB"),
        (6, "AB {}"),
        (5, "{} Aktiebolag"),
        (4, "Aktiebolaget {}"),
        (4, "{} Sverige AB"),
        (1, "{} AB (publ)"),
    ),
    "HB": ((8, "{} HB"), (2, "Handelsbolaget {}")),
    "KB": ((8, "{} KB"), (2, "Kommanditbolaget {}")),
    "EK": ((1, "{} ekonomisk förening"),),
}
"""Where a legal form stands in a name, and how often there."""


def _swedish(core: str, form: str, dice: Dice, words: Words) -> str:
    if form == "BRF":
        place, garden = words.place(dice).name, _coined(dice, words)
        return dice.pick((f"Bostadsrättsföreningen {garden} i {place}", f"Brf {garden}, {place}"))
    return dice.weighted(SWEDISH_FORMS[form]).format(core)


def _norwegian(core: str, form: str, dice: Dice, words: Words) -> str:
    if form == "BRL":
        garden = _coined(dice, words)
        return dice.pick((f"BORETTSLAGET {garden}", f"{garden} BORETTSLAG")).upper()
    before = form == "AS" and dice.chance(60)
    return (f"{form} {core}" if before else f"{core} {form}").upper()
