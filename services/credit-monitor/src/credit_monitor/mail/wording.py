"""What mails say, in Swedish and in English."""

from types import MappingProxyType

from contracts.credit_alerts import AlertKind

SAID = MappingProxyType[str, dict[AlertKind, str]](
    {
        "sv": {
            AlertKind.RATING_CHANGED: "{company}: kreditbetyget har ändrats från {old} till {new}.",
            AlertKind.SOMETHING_CHANGED: "{company}: något har ändrats i kreditupplysningen.",
            AlertKind.MODEL_CHANGED: "{bureau} har ändrat sin modell: {count} företag fick nya"
            " kreditbetyg.",
            AlertKind.REPORT_CORRECTED: "{company}: kreditupplysningsföretaget har rättat sin"
            " uppgift, från {old} till {new}.",
            AlertKind.BANKRUPTCY: "{company}: konkurs enligt företagsregistret.",
            AlertKind.LIQUIDATION: "{company}: likvidation enligt företagsregistret.",
            AlertKind.FORCED_DISSOLUTION: "{company}: tvångsupplösning enligt företagsregistret.",
            AlertKind.RESTRUCTURING: "{company}: företagsrekonstruktion enligt företagsregistret.",
            AlertKind.DELETED: "{company}: avregistrerat ur företagsregistret.",
            AlertKind.CAP_REACHED: "Månadens kostnadstak för kreditupplysningar är nått.",
        },
        "en": {
            AlertKind.RATING_CHANGED: "{company}: the credit rating changed from {old} to {new}.",
            AlertKind.SOMETHING_CHANGED: "{company}: something changed in its credit report.",
            AlertKind.MODEL_CHANGED: "{bureau} changed its model: {count} companies got new"
            " ratings.",
            AlertKind.REPORT_CORRECTED: "{company}: the bureau corrected what it said, from {old}"
            " to {new}.",
            AlertKind.BANKRUPTCY: "{company}: bankruptcy, says the company registry.",
            AlertKind.LIQUIDATION: "{company}: liquidation, says the company registry.",
            AlertKind.FORCED_DISSOLUTION: "{company}: forced dissolution, says the company"
            " registry.",
            AlertKind.RESTRUCTURING: "{company}: restructuring, says the company registry.",
            AlertKind.DELETED: "{company}: deleted from the company registry.",
            AlertKind.CAP_REACHED: "This month's cost cap for credit reports is reached.",
        },
    }
)
WITHIN = MappingProxyType(
    {
        "sv": "{company}: kreditbetyget har ändrats inom klass {new}.",
        "en": "{company}: the credit rating changed within band {new}.",
    }
)
"""A change of the score, or of the limit alone."""
BANDS = MappingProxyType(
    {"sv": {"NOT_RATED": "ej betygsatt"}, "en": {"NOT_RATED": "not rated"}},
)
FRAME = MappingProxyType(
    {
        "sv": {
            "one": "Kreditlarm: {what}",
            "escalated": "Ingen har kvitterat: {what}",
            "digest": "{count} kreditlarm",
            "digest-one": "Ett kreditlarm",
            "greeting": "Hej {name}!",
            "nameless": "Hej!",
            "escalated-line": "Ingen har kvitterat: {what}",
            "end": "Larmen kvitteras i Kundvakt: {url}",
            "why": "Du får det här eftersom du är ansvarig för företagen, eller för det som ingen"
            " annan tar hand om. Hur du vill få larm väljer du här: {choice}",
            "a-company": "Ett företag",
        },
        "en": {
            "one": "Credit alert: {what}",
            "escalated": "Nobody has acknowledged: {what}",
            "digest": "{count} credit alerts",
            "digest-one": "One credit alert",
            "greeting": "Hello {name},",
            "nameless": "Hello,",
            "escalated-line": "Nobody has acknowledged: {what}",
            "end": "Alerts are acknowledged in Kundvakt: {url}",
            "why": "You get this because you are responsible for these companies, or for what"
            " nobody else sees to. Choose here how you hear of alerts: {choice}",
            "a-company": "A company",
        },
    }
)
