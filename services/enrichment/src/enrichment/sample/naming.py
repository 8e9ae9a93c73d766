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
    patterns: list[tuple[int, Callable[[], str]]] = [
        (26, lambda: f"{_family(dice, words)} {trade.word}"),
        (14, lambda: f"{_genitive(words.place(dice).name)} {trade.word}"),
        (16, lambda: f"{_coined(dice, words)} {trade.word}"),
        (10, lambda: _coined(dice, words)),
        (8, lambda: f"{dice.pick(words.surnames)} & {dice.pick(words.surnames)}"),
        (6, lambda: f"{trade.word} i {words.place(dice).name}"),
        (5, lambda: f"{dice.pick(words.surnames)}-{dice.pick(words.surnames)} {trade.word}"),
        (5, lambda: f"{dice.pick(INITIALS)}.{dice.pick(INITIALS)}. {dice.pick(words.surnames)}"),
        (4, lambda: f"{_genitive(dice.pick(words.surnames))} Café & {trade.word}"),
        (3, lambda: f"{_coined(dice, words)} {10 + dice.below(90)}"),
        (3, lambda: f"{words.place(dice).name}{trade.word.lower()} {1900 + dice.below(130)}"),
    ]
    return dice.weighted(patterns)()


def _family(dice: Dice, words: Words) -> str:
    surname = dice.pick(words.surnames)
    return _genitive(surname) if dice.chance(500) else surname


def _coined(dice: Dice, words: Words) -> str:
    """Make up a word; no letter stands three times in a row."""
    start, end = dice.pick(words.starts), dice.pick(words.ends)
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


def _swedish(core: str, form: str, dice: Dice, words: Words) -> str:
    match form:
        case "AB":
            return dice.weighted(
                (
                    (80, f"{core} AB"),
                    (6, f"AB {core}"),
                    (5, f"{core} Aktiebolag"),
                    (4, f"Aktiebolaget {core}"),
                    (4, f"{core} Sverige AB"),
                    (1, f"{core} AB (publ)"),
                )
            )
        case "HB":
            return dice.weighted(((8, f"{core} HB"), (2, f"Handelsbolaget {core}")))
        case "KB":
            return dice.weighted(((8, f"{core} KB"), (2, f"Kommanditbolaget {core}")))
        case "BRF":
            place = words.place(dice).name
            garden = _coined(dice, words)
            return dice.pick(
                (f"Bostadsrättsföreningen {garden} i {place}", f"Brf {garden}, {place}")
            )
        case _:
            return f"{core} ekonomisk förening"


def _norwegian(core: str, form: str, dice: Dice, words: Words) -> str:
    if form == "BRL":
        garden = _coined(dice, words)
        return dice.pick((f"BORETTSLAGET {garden}", f"{garden} BORETTSLAG")).upper()
    before = form == "AS" and dice.chance(60)
    return (f"{form} {core}" if before else f"{core} {form}").upper()
