"""What somebody typed for a number, reduced to the characters that count."""

import re
import unicodedata
from typing import NoReturn

TYPED_CHARACTERS_MAX = 64
"""The longest way of writing one (label, prefix, spaces, suffix) takes about half of it."""

COUNTRIES = frozenset(
    re.findall(
        "..",
        "ADAEAFAGAIALAMAOAQARASATAUAWAXAZBABBBDBEBFBGBHBIBJBLBMBNBOBQBRBSBTBVBWBYBZCACCCDCFCGCHCICK"
        "CLCMCNCOCRCUCVCWCXCYCZDEDJDKDMDODZECEEEGEHERESETFIFJFKFMFOFRGAGBGDGEGFGGGHGIGLGMGNGPGQGRGS"
        "GTGUGWGYHKHMHNHRHTHUIDIEILIMINIOIQIRISITJEJMJOJPKEKGKHKIKMKNKPKRKWKYKZLALBLCLILKLRLSLTLULV"
        "LYMAMCMDMEMFMGMHMKMLMMMNMOMPMQMRMSMTMUMVMWMXMYMZNANCNENFNGNINLNONPNRNUNZOMPAPEPFPGPHPKPLPM"
        "PNPRPSPTPWPYQARERORSRURWSASBSCSDSESGSHSISJSKSLSMSNSOSRSSSTSVSXSYSZTCTDTFTGTHTJTKTLTMTNTOTR"
        "TTTVTWTZUAUGUMUSUYUZVAVCVEVGVIVNVUWFWSYEYTZAZMZW",
    )
)
"""ISO 3166-1 alpha-2, as of 2026."""

_SEPARATORS = frozenset("./:,;'_")
_LABEL = re.compile(
    r"^(?:ORG(?:ANI[SZ]A(?:TIONS?|SJONS)|NISATIONS)?(?:NR|NUMMER|NUMBER|NO)?|VAT(?:NR|NO)?"
    r"|MOMS(?:REG)?(?:NR)?|PERS(?:ON)?(?:NR|NUMMER)|CFAR(?:NR)?|CVR(?:NR)?|PNR|YTUNNUS)(?=[A-Z0-9])"
)
_PREFIXED = frozenset({"NO", "DK", "FI"})
"""Countries whose own letters before a number say nothing more; Sweden's mark a VAT number."""


class NumberInvalid(ValueError):
    """A number that cannot be right; `code` is stable, the text says what is wrong with it."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


def malformed(message: str) -> NoReturn:
    """Refuse what has not even the form of a number."""
    raise NumberInvalid("number-malformed", message)


def compact_form(typed: str, country: str | None = None) -> str:
    """Leave only what tells numbers apart: digits, capitals and the `+` of the very old."""
    if country is not None and country not in COUNTRIES:
        raise NumberInvalid(
            "country-unsupported",
            "There is no such country; give its two-letter code, such as SE or NO.",
        )
    if len(typed) > TYPED_CHARACTERS_MAX:
        malformed("This is too long to be a company's number.")
    compact = "".join(_significant(sign) for sign in unicodedata.normalize("NFKC", typed)).upper()
    compact = _LABEL.sub("", compact)
    if country and country in _PREFIXED:
        compact = compact.removeprefix(country)
    if not compact:
        malformed("No number is given.")
    return compact


def _significant(sign: str) -> str:
    """Return a character that counts, or nothing for one that only separates."""
    category = unicodedata.category(sign)
    if category == "Nd":
        return str(unicodedata.decimal(sign))
    if sign == "+" or (sign.isascii() and sign.isalpha()):
        return sign
    if category in {"Pd", "Zs", "Cf"} or sign.isspace() or sign in _SEPARATORS or sign == "−":  # noqa: RUF001 - people paste it
        return ""
    return malformed("A company's number has digits, and in some countries letters; no signs.")
