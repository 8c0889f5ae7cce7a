"""Draws the pictures of the demo catalogue: `python -m shop.catalog.demo.draw`, with Debian's Chromium.

Each is a still life of a few shapes, lit from the left: a scalable drawing that Chromium paints and Pillow packs.
"""

from __future__ import annotations

import math
import random
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

from PIL import Image

from shop.catalog.demo import above

PICTURES = Path(__file__).with_name("pictures")

WIDTH, HEIGHT = 1200, 1500

#: The height at which the wall meets the table, and at which things stand.
TABLE, FLOOR = 960, 1180


def main() -> None:
    PICTURES.mkdir(exist_ok=True)
    for slug, drawing in DRAWINGS.items():
        wall, table, things = drawing
        paint(scene(wall, table, things), PICTURES / f"{slug}.webp")
    for slug, svg in above.DRAWINGS.items():
        paint(svg, PICTURES / f"{slug}-above.webp")


def paint(svg: str, target: Path) -> None:
    with tempfile.TemporaryDirectory() as folder:
        page, shot = Path(folder, "page.html"), Path(folder, "shot.png")
        page.write_text(f"<!doctype html><style>body{{margin:0}}svg{{display:block}}</style>{svg}")
        command = ["chromium", "--headless", "--no-sandbox", "--hide-scrollbars", f"--screenshot={shot}"]
        subprocess.run(
            [*command, f"--window-size={WIDTH},{HEIGHT + 200}", page.as_uri()], check=True, capture_output=True
        )
        with Image.open(shot) as image:
            image.convert("RGB").crop((0, 0, WIDTH, HEIGHT)).save(target, quality=82, method=6)


def scene(wall: str, table: str, things: str) -> str:
    return f"""<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{HEIGHT}">
<defs>
  <radialGradient id="window" cx="0.22" cy="0.2" r="0.95">
    <stop offset="0" stop-color="#fff" stop-opacity="0.7"/><stop offset="0.6" stop-color="#fff" stop-opacity="0.18"/>
    <stop offset="1" stop-color="#3a2408" stop-opacity="0.08"/>
  </radialGradient>
  <linearGradient id="round">
    <stop offset="0" stop-color="#000" stop-opacity="0.1"/><stop offset="0.2" stop-color="#fff" stop-opacity="0.26"/>
    <stop offset="0.5" stop-color="#fff" stop-opacity="0"/><stop offset="1" stop-color="#000" stop-opacity="0.36"/>
  </linearGradient>
  <linearGradient id="deep" x2="0" y2="1">
    <stop offset="0" stop-color="#000" stop-opacity="0.4"/><stop offset="1" stop-color="#000" stop-opacity="0.05"/>
  </linearGradient>
  <filter id="soft" x="-50%" y="-150%" width="200%" height="400%"><feGaussianBlur stdDeviation="26"/></filter>
  <filter id="close" x="-50%" y="-150%" width="200%" height="400%"><feGaussianBlur stdDeviation="9"/></filter>
</defs>
<rect width="{WIDTH}" height="{HEIGHT}" fill="{wall}"/>
<rect y="{TABLE}" width="{WIDTH}" height="{HEIGHT - TABLE}" fill="{table}"/>
<rect y="{TABLE}" width="{WIDTH}" height="60" fill="url(#deep)" opacity="0.25"/>
<rect width="{WIDTH}" height="{HEIGHT}" fill="url(#window)"/>
{things}
</svg>"""


def shadow(x: float, half: float, *, y: float = FLOOR) -> str:
    return (
        f'<ellipse cx="{x + half * 0.5}" cy="{y - 6}" rx="{half * 1.5}" ry="52" opacity="0.26" filter="url(#soft)"/>'
        f'<ellipse cx="{x + 12}" cy="{y}" rx="{half * 1.02}" ry="22" opacity="0.42" filter="url(#close)"/>'
    )


def shaded(path: str, colour: str) -> str:
    return f'<path d="{path}" fill="{colour}"/><path d="{path}" fill="url(#round)"/>'


def mug(colour: str, inside: str, *, foot: str, tea: str, rim: str = "", speckles: str = "") -> str:
    left, right, top, bottom = 340, 780, 640, FLOOR
    body = (
        f"M{left} {top} C{left} {top + 250} {left + 8} {bottom - 90} {left + 46} {bottom - 30}"
        f" Q560 {bottom + 34} {right - 46} {bottom - 30} C{right - 8} {bottom - 90} {right} {top + 250} {right} {top} Z"
    )
    base = f"M{left + 46} {bottom - 34} Q560 {bottom + 30} {right - 46} {bottom - 34} L{right - 62} {bottom} Q560 {bottom + 58} {left + 62} {bottom} Z"
    handle = f"M{right - 14} {top + 90} C{right + 210} {top + 60} {right + 200} {top + 390} {right - 26} {top + 380}"
    return f"""{shadow(560, 225)}
<path d="{handle}" fill="none" stroke="{colour}" stroke-width="56" stroke-linecap="round"/>
<path d="{handle}" fill="none" stroke="#000" stroke-opacity="0.16" stroke-width="56" stroke-linecap="round"/>
<path d="{handle}" fill="none" stroke="#fff" stroke-opacity="0.16" stroke-width="14" transform="translate(-8 -10)"/>
{shaded(base, foot)}{shaded(body, colour)}{speckles}
{opening(560, top, 220, 62, rim or colour, inside, tea)}"""


def opening(x: float, y: float, half: float, tall: float, rim: str, inside: str, tea: str) -> str:
    """The mouth of a vessel, seen from a little above, and what is in it."""
    return f"""<ellipse cx="{x}" cy="{y}" rx="{half}" ry="{tall}" fill="{rim}"/>
<ellipse cx="{x}" cy="{y}" rx="{half}" ry="{tall}" fill="#fff" opacity="0.22"/>
<ellipse cx="{x}" cy="{y + 3}" rx="{half - 14}" ry="{tall - 9}" fill="{inside}"/>
<ellipse cx="{x}" cy="{y + 3}" rx="{half - 14}" ry="{tall - 9}" fill="url(#deep)"/>
<ellipse cx="{x}" cy="{y + 20}" rx="{half - 30}" ry="{tall - 24}" fill="{tea}"/>
<ellipse cx="{x - half * 0.3}" cy="{y + 12}" rx="{half * 0.34}" ry="{tall * 0.16}" fill="#fff" opacity="0.28"/>"""


def speckled(colour: str, *, many: int) -> str:
    chance = random.Random(many)  # noqa: S311 - the same speckles each time
    dots = (
        f'<circle cx="{chance.uniform(365, 755):.0f}" cy="{chance.uniform(720, 1110):.0f}" r="{chance.uniform(1, 3.4):.1f}"/>'
        for _ in range(many)
    )
    return f'<g fill="{colour}" opacity="0.5">{"".join(dots)}</g>'


def cup() -> str:
    body = "M330 800 C340 980 410 1110 490 1150 Q600 1180 710 1150 C790 1110 860 980 870 800 Z"
    foot = "M500 1140 Q600 1170 700 1140 L688 1186 Q600 1212 512 1186 Z"
    return f"""{shadow(600, 150, y=1190)}{shaded(foot, "#d9c3a3")}{shaded(body, "#f5f3ee")}
{opening(600, 800, 270, 78, "#fbfaf6", "#eeece4", "#b9bd5c")}"""


def tin(colour: str, paper: str, ink: str, beside: str) -> str:
    left, right, top = 320, 740, 520
    body = f"M{left} {top} L{left} {FLOOR - 30} Q530 {FLOOR + 40} {right} {FLOOR - 30} L{right} {top} Z"
    label = f"M{left} 760 Q530 836 {right} 760 L{right} 1010 Q530 1086 {left} 1010 Z"
    lid = f"M{left - 8} 440 L{left - 8} 540 Q530 616 {right + 8} 540 L{right + 8} 440 Z"
    leaf = "M530 850 C480 880 478 950 530 990 C582 950 580 880 530 850 Z M530 850 L530 1016"
    return f"""{shadow(530, 215)}{shaded(body, colour)}{shaded(label, paper)}
<path d="{leaf}" fill="none" stroke="{ink}" stroke-width="6" stroke-linecap="round" transform="translate(0 18)"/>
<path d="M440 826 Q530 848 620 826 M450 1046 Q530 1064 610 1046" fill="none" stroke="{ink}" stroke-width="4"/>
{shaded(lid, colour)}<path d="{lid}" fill="#000" opacity="0.1"/>
<ellipse cx="530" cy="440" rx="218" ry="58" fill="{colour}"/><ellipse cx="530" cy="440" rx="218" ry="58" fill="#fff" opacity="0.2"/>
<ellipse cx="530" cy="438" rx="190" ry="47" fill="none" stroke="#000" stroke-opacity="0.14" stroke-width="4"/>{beside}"""


def leaves(colours: tuple[str, ...], *, seed: int, curl: float) -> str:
    """A small heap of dry leaves in front of the tin."""
    chance = random.Random(seed)  # noqa: S311 - the same heap each time
    parts = []
    for _ in range(170):
        far = chance.gauss(0, 0.36)
        x, y = 860 + far * 190, 1240 - abs(chance.gauss(0, 34)) * max(0.0, 1 - abs(far)) + chance.uniform(0, 26)
        length, angle = chance.uniform(16, 40), chance.uniform(0, 180)
        parts.append(
            f'<path d="M{-length} 0 Q0 {curl * length:.0f} {length} 0" transform="translate({x:.0f} {y:.0f}) rotate({angle:.0f})"'
            f' stroke="{chance.choice(colours)}" stroke-width="{chance.uniform(6, 11):.0f}"/>'
        )
    heap = "".join(parts)
    return f'{shadow(860, 150, y=1262)}<g fill="none" stroke-linecap="round">{heap}</g>'


def pearls(colours: tuple[str, ...], *, seed: int) -> str:
    chance = random.Random(seed)  # noqa: S311
    heap = "".join(
        f'<circle cx="{860 + chance.gauss(0, 62):.0f}" cy="{1246 - abs(chance.gauss(0, 22)):.0f}"'
        f' r="{chance.uniform(9, 18):.0f}" fill="{chance.choice(colours)}"/>'
        for _ in range(120)
    )
    return f"{shadow(860, 130, y=1262)}{heap}"


def fruit(peel: str, flesh: str) -> str:
    """Half a citrus fruit, its cut side to us."""
    rays = "".join(
        f'<path d="M0 0 L{112 * math.cos(a):.0f} {112 * math.sin(a):.0f}"/>'
        for a in (n * math.tau / 10 for n in range(10))
    )
    return f"""{shadow(890, 130, y=1262)}<g transform="translate(890 1140)">
<circle r="138" fill="{peel}"/><circle r="124" fill="#fbf1d6"/><circle r="112" fill="{flesh}"/>
<g stroke="#fbf1d6" stroke-width="7">{rays}</g><circle r="12" fill="#fbf1d6"/>
<circle r="138" fill="url(#round)" opacity="0.5"/></g>"""


def sprig(colour: str) -> str:
    blades = "".join(
        f'<g transform="translate({x} {y}) rotate({turn})"><path d="M0 0 C40 -60 130 -66 190 0 C130 54 40 50 0 0Z" fill="{colour}"/>'
        '<path d="M6 0 L176 0" stroke="#fff" stroke-opacity="0.4" stroke-width="4"/></g>'
        for x, y, turn in ((800, 1230, -64), (840, 1220, -22), (800, 1246, 6), (900, 1190, -96))
    )
    return f"{shadow(880, 150, y=1266)}{blades}"


def teapot() -> str:
    glass = "M380 760 C230 860 230 1120 420 1176 Q580 1206 740 1176 C930 1120 930 860 780 760 Z"
    tea = "M292 920 C270 1060 320 1140 426 1168 Q580 1194 734 1168 C840 1140 890 1060 868 920 Q580 966 292 920 Z"
    handle = "M866 850 C1060 800 1080 1080 880 1090"
    spout = "M300 950 C220 930 200 850 150 790 L206 776 C250 830 280 850 330 860 Z"
    return f"""{shadow(580, 270)}
<path d="{handle}" fill="none" stroke="#dfe9e6" stroke-width="34" opacity="0.9"/><path d="{handle}" fill="none" stroke="#fff" stroke-width="8" opacity="0.8"/>
<path d="{spout}" fill="#e4eeea" opacity="0.85"/>
<path d="{glass}" fill="#eef4f1" opacity="0.55"/><path d="{tea}" fill="#c9791f" opacity="0.9"/><path d="{tea}" fill="url(#round)"/>
<ellipse cx="580" cy="920" rx="288" ry="34" fill="#e0983b"/>
<rect x="476" y="760" width="208" height="270" rx="26" fill="#8a9390" opacity="0.5"/>
<path d="M500 780V1010M540 780V1014M580 780V1016M620 780V1014M660 780V1010" stroke="#fff" stroke-opacity="0.35" stroke-width="6"/>
<path d="{glass}" fill="none" stroke="#fff" stroke-width="7" opacity="0.75"/>
<path d="M330 850 C280 910 276 1010 312 1070" fill="none" stroke="#fff" stroke-width="20" stroke-linecap="round" opacity="0.6"/>
<ellipse cx="580" cy="760" rx="204" ry="42" fill="#a9b2ae"/><ellipse cx="580" cy="750" rx="204" ry="40" fill="#cfd6d3"/>
<ellipse cx="580" cy="746" rx="150" ry="26" fill="#e6ebe9"/><circle cx="580" cy="700" r="40" fill="#8b5a2f"/><circle cx="568" cy="688" r="12" fill="#fff" opacity="0.3"/>"""


def scoop() -> str:
    handle = "M560 1016 L980 720 Q1040 690 1066 730 Q1086 768 1040 806 L640 1112 Z"
    return f"""<g transform="translate(0 30)">{shadow(480, 230, y=1170)}{shadow(820, 150, y=1010)}
<g transform="translate(0 -20)">{shaded(handle, "#d2a06a")}
<path d="M620 1020 L1000 752 M660 1050 L1030 784" stroke="#9b6a38" stroke-opacity="0.35" stroke-width="4" fill="none"/>
<circle cx="1020" cy="756" r="17" fill="#7a5430"/>
{shaded("M240 1010 C250 1130 350 1186 470 1186 C600 1186 700 1130 704 1010 Z", "#cf9b63")}
<ellipse cx="472" cy="1010" rx="232" ry="92" fill="#dcae79"/><ellipse cx="472" cy="1012" rx="204" ry="76" fill="#a87341"/></g>
<g transform="translate(-388 -236)">{heap_in_scoop()}</g></g>"""


def heap_in_scoop() -> str:
    chance = random.Random(8)  # noqa: S311
    strokes = "".join(
        f'<path d="M-22 0 Q0 {chance.uniform(-14, 14):.0f} 22 0" stroke="{chance.choice(("#2f2118", "#4a3324", "#5b3d27"))}"'
        f' transform="translate({860 + 150 * radius * math.cos(turn):.0f} {1212 + 46 * radius * math.sin(turn) - 34 * (1 - radius):.0f})'
        f' rotate({chance.uniform(0, 180):.0f})"/>'
        for radius, turn in ((chance.random() ** 0.5, chance.uniform(0, math.tau)) for _ in range(260))
    )
    return f'<g fill="none" stroke-width="9" stroke-linecap="round">{strokes}</g>'


def drawings() -> Iterator[tuple[str, tuple[str, str, str]]]:
    yield (
        "harbour-mug",
        (
            "#d8d3c6",
            "#b99f7f",
            mug("#5f7c8c", "#c9d3d4", foot="#d9c3a3", tea="#7a3f17", speckles=speckled("#24363f", many=150)),
        ),
    )
    yield (
        "orchard-mug",
        (
            "#e9dfc8",
            "#c39d70",
            mug("#86a556", "#f3ead2", foot="#d9c3a3", tea="#a8641f", speckles=speckled("#3f5420", many=90)),
        ),
    )
    yield "little-cup", ("#c9d2c6", "#8d7a64", cup())
    yield "enamel-mug", ("#bccbd0", "#a98962", mug("#f4f2ea", "#fbfaf5", foot="#f0ede3", tea="#8a4a1b", rim="#1f4a36"))
    yield (
        "breakfast-assam",
        (
            "#e6d8c3",
            "#8f6a4b",
            tin("#a3442c", "#f4e8d2", "#7d2f1d", leaves(("#2b1a12", "#432a1b", "#5a3a22"), seed=1, curl=0.5)),
        ),
    )
    yield "earl-grey", ("#dadfe2", "#a58a6b", tin("#2f4664", "#f2ecdd", "#2f4664", fruit("#d8b62f", "#f0d76a")))
    yield (
        "sencha",
        (
            "#dfe5d3",
            "#b49a76",
            tin("#4d7a4f", "#f3efdd", "#3c6340", leaves(("#2f5a35", "#47793f", "#6c9a4a"), seed=2, curl=0.1)),
        ),
    )
    yield (
        "mountain-oolong",
        (
            "#d7e0e0",
            "#927556",
            tin("#2f6c70", "#efe8d6", "#2a5c60", pearls(("#3d4a34", "#55663f", "#6d7a4a", "#2f3a2a"), seed=3)),
        ),
    )
    yield "evening-mint", ("#dbe7df", "#bfa27c", tin("#9cc4a8", "#fbf8ec", "#48795b", sprig("#5f9a5c")))
    yield "rooibos-orange", ("#f0dcc4", "#a9764b", tin("#d27a34", "#fbf0dc", "#a9511b", fruit("#e08a2a", "#f2a948")))
    yield "glass-teapot", ("#dcdcd0", "#a98c69", teapot())
    yield "tea-scoop", ("#e4ddd0", "#7f8f86", scoop())


DRAWINGS = dict(drawings())

if __name__ == "__main__":
    main()
