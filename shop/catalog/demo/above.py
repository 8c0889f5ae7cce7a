"""The second pictures: a mug, or a cup of the tea, seen from above on the table. Painted by draw.py."""

from __future__ import annotations

import math
import random
from dataclasses import dataclass

WIDTH, HEIGHT = 1200, 1500

#: The middle of the vessel.
X, Y = 600, 740


@dataclass(frozen=True)
class Leaves:
    colours: tuple[str, ...]
    #: How far a leaf is bent; None: it is rolled into a pearl.
    curl: float | None
    seed: int


def table(colour: str, things: str) -> str:
    chance = random.Random(colour)  # noqa: S311 - the same grain each time
    grain = "".join(
        f'<path d="M0 {y + chance.uniform(-9, 9):.0f} C400 {y + chance.uniform(-16, 16):.0f} 800 {y + chance.uniform(-16, 16):.0f}'
        f' {WIDTH} {y + chance.uniform(-9, 9):.0f}" opacity="{chance.uniform(0.03, 0.1):.2f}" stroke-width="{chance.uniform(2, 7):.0f}"/>'
        for y in range(20, HEIGHT, 46)
    )
    return f"""<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{HEIGHT}">
<defs>
  <radialGradient id="window" cx="0.2" cy="0.16" r="1.1">
    <stop offset="0" stop-color="#fff" stop-opacity="0.5"/><stop offset="0.55" stop-color="#fff" stop-opacity="0.06"/>
    <stop offset="1" stop-color="#2a1a08" stop-opacity="0.16"/>
  </radialGradient>
  <linearGradient id="dome" x2="1" y2="1">
    <stop offset="0" stop-color="#fff" stop-opacity="0.4"/><stop offset="1" stop-color="#000" stop-opacity="0.22"/>
  </linearGradient>
  <linearGradient id="hollow" x2="1" y2="1">
    <stop offset="0" stop-color="#000" stop-opacity="0.42"/><stop offset="0.7" stop-color="#000" stop-opacity="0.04"/>
  </linearGradient>
  <filter id="soft" x="-50%" y="-50%" width="200%" height="200%"><feGaussianBlur stdDeviation="30"/></filter>
  <filter id="close" x="-50%" y="-50%" width="200%" height="200%"><feGaussianBlur stdDeviation="10"/></filter>
</defs>
<rect width="{WIDTH}" height="{HEIGHT}" fill="{colour}"/><g fill="none" stroke="#3b2410">{grain}</g>
<rect width="{WIDTH}" height="{HEIGHT}" fill="url(#window)"/>
{things}
</svg>"""


def mug(colour: str, inside: str, *, tea: str, rim: str = "", speckles: str = "") -> str:
    handle = f"M{X + 250} {Y + 110} C{X + 400} {Y + 160} {X + 470} {Y + 250} {X + 410} {Y + 290} C{X + 350} {Y + 330} {X + 250} {Y + 260} {X + 190} {Y + 205}"
    return f"""{shadow(300)}
<g fill="none" stroke-linecap="round">
<path d="{handle}" stroke="#000" stroke-opacity="0.3" stroke-width="60" filter="url(#close)" transform="translate(22 30)"/>
<path d="{handle}" stroke="{colour}" stroke-width="54"/>
<path d="{handle}" stroke="#fff" stroke-opacity="0.25" stroke-width="12" transform="translate(-6 -10)"/></g>
{vessel(300, colour, rim or colour, inside, tea, wall=20)}{speckled(speckles) if speckles else ""}"""


def cup(tea: str, saucer: str, leaves: Leaves | None) -> str:
    return f"""{shadow(400)}
<circle cx="{X}" cy="{Y}" r="400" fill="{saucer}"/><circle cx="{X}" cy="{Y}" r="400" fill="url(#dome)" opacity="0.55"/>
<circle cx="{X}" cy="{Y}" r="372" fill="none" stroke="#000" stroke-opacity="0.08" stroke-width="5"/>
<circle cx="{X + 26}" cy="{Y + 34}" r="262" opacity="0.26" filter="url(#soft)"/>
{vessel(255, "#f6f4ee", "#fcfbf8", "#efece4", tea, wall=15)}{scattered(leaves) if leaves else ""}"""


def vessel(radius: float, body: str, rim: str, inside: str, tea: str, *, wall: float) -> str:
    inner, surface = radius - wall, radius - wall - 26
    return f"""<circle cx="{X}" cy="{Y}" r="{radius}" fill="{body}"/><circle cx="{X}" cy="{Y}" r="{radius}" fill="url(#dome)"/>
<circle cx="{X}" cy="{Y}" r="{radius - wall / 2}" fill="none" stroke="{rim}" stroke-width="{wall}"/>
<circle cx="{X}" cy="{Y}" r="{inner}" fill="{inside}"/><circle cx="{X}" cy="{Y}" r="{inner}" fill="url(#hollow)"/>
<circle cx="{X + 6}" cy="{Y + 8}" r="{surface}" fill="{tea}"/>
<circle cx="{X + 6}" cy="{Y + 8}" r="{surface}" fill="url(#hollow)" opacity="0.5"/>
<circle cx="{X + 6}" cy="{Y + 8}" r="{surface - 5}" fill="none" stroke="#fff" stroke-opacity="0.16" stroke-width="7"/>
<path d="M{X - surface * 0.62} {Y - surface * 0.1} A{surface * 0.66} {surface * 0.66} 0 0 1 {X - surface * 0.08} {Y - surface * 0.6}"
 fill="none" stroke="#fff" stroke-opacity="0.42" stroke-width="26" stroke-linecap="round" filter="url(#close)"/>"""


def shadow(radius: float) -> str:
    return (
        f'<circle cx="{X + radius * 0.2}" cy="{Y + radius * 0.28}" r="{radius * 1.03}" opacity="0.24" filter="url(#soft)"/>'
        f'<circle cx="{X + 10}" cy="{Y + 14}" r="{radius}" opacity="0.3" filter="url(#close)"/>'
    )


def speckled(colour: str) -> str:
    """On the rim."""
    chance = random.Random(5)  # noqa: S311
    dots = "".join(
        f'<circle cx="{X + r * math.cos(a):.0f}" cy="{Y + r * math.sin(a):.0f}" r="{chance.uniform(1, 3.2):.1f}"/>'
        for r, a in ((chance.uniform(283, 298), chance.uniform(0, math.tau)) for _ in range(70))
    )
    return f'<g fill="{colour}" opacity="0.5">{dots}</g>'


def scattered(leaves: Leaves) -> str:
    """Dry leaves at the lower left, as if a little had missed the pot."""
    chance = random.Random(leaves.seed)  # noqa: S311
    parts = []
    for _ in range(150):
        x, y = 300 + chance.gauss(0, 84), 1262 + chance.gauss(0, 56)
        colour, turn = chance.choice(leaves.colours), chance.uniform(0, 360)
        if leaves.curl is None:
            parts.append(f'<circle cx="{x:.0f}" cy="{y:.0f}" r="{chance.uniform(8, 16):.0f}" fill="{colour}"/>')
            continue
        length = chance.uniform(14, 34)
        parts.append(
            f'<path d="M{-length:.0f} 0 Q0 {leaves.curl * length:.0f} {length:.0f} 0" fill="none" stroke="{colour}"'
            f' stroke-width="{chance.uniform(6, 10):.0f}" stroke-linecap="round"'
            f' transform="translate({x:.0f} {y:.0f}) rotate({turn:.0f})"/>'
        )
    heap = "".join(parts)
    return f'<ellipse cx="312" cy="1278" rx="200" ry="130" opacity="0.2" filter="url(#soft)"/>{heap}'


ASSAM = Leaves(("#2b1a12", "#432a1b", "#5a3a22"), 0.5, seed=1)
CEYLON = Leaves(("#1f1a18", "#33271f", "#4d3a2a"), 0.3, seed=4)
SENCHA = Leaves(("#2f5a35", "#47793f", "#6c9a4a"), 0.1, seed=2)
OOLONG = Leaves(("#3d4a34", "#55663f", "#6d7a4a", "#2f3a2a"), None, seed=3)
MINT = Leaves(("#4d8350", "#6ba567", "#8cbf86"), 0.9, seed=6)
ROOIBOS = Leaves(("#8c3b1c", "#a9512a", "#c26a35", "#e0a05a"), 0.2, seed=7)

#: Of a product's slug, its drawing.
DRAWINGS = {
    "harbour-mug": table("#cdb592", mug("#5f7c8c", "#c9d3d4", tea="#7a3f17", speckles="#24363f")),
    "orchard-mug": table("#d8bd92", mug("#86a556", "#f3ead2", tea="#a8641f", speckles="#3f5420")),
    "enamel-mug": table("#b9a184", mug("#f4f2ea", "#fbfaf5", tea="#8a4a1b", rim="#1f4a36")),
    "little-cup": table("#b7a58d", cup("#b9bd5c", "#e9e5da", None)),
    "breakfast-assam": table("#b08a66", cup("#8a3f14", "#e8ddcb", ASSAM)),
    "earl-grey": table("#c3ac8d", cup("#a8581c", "#d5dbe2", CEYLON)),
    "sencha": table("#cdb894", cup("#c3c35a", "#dfe6d2", SENCHA)),
    "mountain-oolong": table("#b39a7c", cup("#cf9a3a", "#cfdddc", OOLONG)),
    "evening-mint": table("#d3bd9b", cup("#d2c26a", "#dfeee4", MINT)),
    "rooibos-orange": table("#c59c72", cup("#b2431a", "#f2e2cc", ROOIBOS)),
}
