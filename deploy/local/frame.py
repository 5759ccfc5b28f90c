"""What the pages of a local system have in common: frame, look, and times as the unit's people read them."""

from datetime import datetime
from zoneinfo import ZoneInfo

STYLE = """
:root { color-scheme: light dark; --line: #8884; --faint: #888; }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.4rem; margin: 0 } h2 { font-size: 1.1rem; margin: 2rem 0 .5rem }
p { margin: .2rem 0 } .faint { color: var(--faint); font-size: .9rem }
article { border: 1px solid var(--line); border-radius: .5rem; padding: .7rem 1rem; margin: .6rem 0 }
article header { display: flex; gap: 1rem; flex-wrap: wrap; color: var(--faint); font-size: .9rem }
article b { color: CanvasText } pre { font: inherit; white-space: pre-wrap; margin: .4rem 0 0; overflow-wrap: anywhere }
table { border-collapse: collapse; width: 100% }
td, th { text-align: left; vertical-align: top; padding: .3rem .8rem .3rem 0; border-bottom: 1px solid var(--line) }
nav a { margin-right: 1rem }
"""


def framed(title: str, body: str) -> str:
    """A page that renews itself every five seconds."""
    return f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta http-equiv="refresh" content="5"><meta name="viewport" content="width=device-width">
<title>Careloop {title.lower()}</title><style>{STYLE}</style></head><body>
<nav class="faint"><a href="/">mailbox</a><a href="/stories">stories</a></nav>
<h1>{title}</h1>
{body}
</body></html>
"""


def moment(at: str | None, zone: ZoneInfo) -> str:
    return datetime.fromisoformat(at).astimezone(zone).strftime("%Y-%m-%d %H:%M:%S") if at else "–"
