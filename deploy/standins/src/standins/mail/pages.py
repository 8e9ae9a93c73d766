"""The pages as HTML: a list of mails, and one mail as a person would read it."""

from collections.abc import Sequence
from html import escape
from typing import Any

REFRESH_SECONDS = 3
FRAME = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>{title}</title>{head}
<meta name="viewport" content="width=device-width, initial-scale=1">
<style>
:root {{ color-scheme: light dark; font: 15px/1.5 system-ui, sans-serif; }}
body {{ margin: 2rem auto; max-width: 62rem; padding: 0 1rem; }}
h1 {{ font-size: 1.3rem; }} p.about {{ opacity: .75; }}
table {{ border-collapse: collapse; width: 100%; }}
th, td {{ text-align: left; padding: .45rem .6rem; border-bottom: 1px solid color-mix(in srgb,
  currentColor 15%, transparent); vertical-align: top; }}
th {{ font-weight: 600; font-size: .85rem; opacity: .75; }}
td.at {{ white-space: nowrap; font-variant-numeric: tabular-nums; }}
a {{ color: light-dark(#0a58a8, #7fb6f5); }}
pre {{ white-space: pre-wrap; overflow-wrap: anywhere; background: color-mix(in srgb,
  currentColor 6%, transparent); padding: 1rem; border-radius: .4rem; }}
iframe {{ width: 100%; height: 22rem; border: 1px solid color-mix(in srgb, currentColor 20%,
  transparent); border-radius: .4rem; background: #fff; }}
</style></head><body>{body}</body></html>
"""


def mails(listed: Sequence[dict[str, Any]], smtp_port: int) -> str:
    """Return the list; it looks again by itself."""
    rows = "".join(_row(one) for one in listed)
    table = (
        "<table><thead><tr><th>When</th><th>To</th><th>Subject</th></tr></thead>"
        f"<tbody>{rows}</tbody></table>"
    )
    about = (
        '<p class="about">Nothing sent here leaves this machine. Mails are caught on'
        f" SMTP port {smtp_port}; the list looks again every {REFRESH_SECONDS} seconds.</p>"
    )
    body = f"<h1>Caught mails</h1>{about}{table if rows else '<p>None yet.</p>'}"
    head = f'<meta http-equiv="refresh" content="{REFRESH_SECONDS}">'
    return FRAME.format(title="Caught mails", head=head, body=body)


def _row(one: dict[str, Any]) -> str:
    at = escape(str(one["at"])[:19].replace("T", " "))
    subject = escape(one["subject"] or "(no subject)")
    return (
        f'<tr><td class="at">{at}</td><td>{escape(one["recipient"])}</td>'
        f'<td><a href="/mails/{int(one["id"])}">{subject}</a></td></tr>'
    )


def mail(found: dict[str, Any]) -> str:
    """Return one mail: its headers, and both its forms."""
    headers = "\n".join(f"{name}: {value}" for name, value in found["headers"])
    html = found["html"]
    drawn = f'<h2>HTML</h2><iframe sandbox="" srcdoc="{escape(html)}"></iframe>' if html else ""
    body = (
        f'<p><a href="/">All mails</a></p><h1>{escape(found["subject"])}</h1>'
        f"<h2>Text</h2><pre>{escape(found['text'] or '')}</pre>{drawn}"
        f"<h2>Headers</h2><pre>{escape(headers)}</pre>"
    )
    return FRAME.format(title=escape(found["subject"]), head="", body=body)
