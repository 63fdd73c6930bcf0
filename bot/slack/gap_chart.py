"""The chart of a gap report: capacity beside code, week by week, a panel for each cluster.

It brings its own light ground, so that it reads the same in Slack's light and dark; each bar has
its number above it.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from PIL import Image, ImageDraw, ImageFont

from bot.answering.gap_words import CHARTED
from bot.domain.gap_reports import ClusterSides, GapReport
from bot.domain.verdicts import VerdictKind
from bot.words import say

PANELS = 3
_WIDTH, _PANEL, _HEAD = 1_080, 330, 120
_LEFT, _RIGHT, _TOP, _BOTTOM = 60, 40, 74, 56
_GROUND, _EDGE, _GRID = "#fbfbf9", "#d9d9d2", "#c9c9c2"
_INK, _GREY = "#1d1f23", "#5d6068"
_COLOURS = {VerdictKind.CAPACITY: "#c4441c", VerdictKind.CODE: "#4a6f96"}
_BIG, _MIDDLE, _SMALL = 40, 34, 28

Font = ImageFont.FreeTypeFont | ImageFont.ImageFont


def charted(report: GapReport) -> Sequence[ClusterSides]:
    """The busiest clusters with anything to show."""
    kinds = {kind.value for kind in CHARTED}
    found = [one for one in report.clusters if any(side.verdict in kinds for side in one.sides)]
    return found[:PANELS]


def gap_chart(report: GapReport) -> bytes:
    """The picture as a PNG; the report has a cluster to chart at least."""
    clusters = charted(report)
    height = _HEAD + _PANEL * len(clusters)
    image = Image.new("RGB", (_WIDTH, height), _GROUND)
    on = ImageDraw.Draw(image)
    on.rectangle((0, 0, _WIDTH - 1, height - 1), outline=_EDGE, width=2)
    on.text((32, 24), _plain(say("Capacity beside code, week by week")), _INK, _font(_BIG))
    _legend(on)
    starts = [week.start for week in report.weeks]
    for number, cluster in enumerate(clusters):
        _Panel(on, cluster, starts, _HEAD + _PANEL * number).draw()
    out = io.BytesIO()
    image.quantize(64).save(out, "PNG", optimize=True)
    return out.getvalue()


def _legend(on: ImageDraw.ImageDraw) -> None:
    x = 36
    for kind in CHARTED:
        on.rectangle((x, 84, x + 24, 108), _COLOURS[kind])
        words = _plain(say(kind.headline))
        on.text((x + 36, 78), words, _GREY, _font(_SMALL))
        x += 36 + round(on.textlength(words, _font(_SMALL))) + 48


@dataclass(frozen=True, slots=True)
class _Panel:
    on: ImageDraw.ImageDraw
    cluster: ClusterSides
    starts: Sequence[datetime]
    top: int

    def draw(self) -> None:
        self.on.text((32, self.top + 8), _plain(self.cluster.cluster), _INK, _font(_MIDDLE))
        ground = self.top + _PANEL - _BOTTOM
        self.on.line((_LEFT, ground, _WIDTH - _RIGHT, ground), _GRID, 2)
        width = (_WIDTH - _LEFT - _RIGHT) / len(self.starts)
        most = max(1, *(self.cluster.count(at, kind) for at in self.starts for kind in CHARTED))
        for number, start in enumerate(self.starts):
            middle = _LEFT + width * (number + 0.5)
            day = start.strftime(say("%d %b"))
            self.on.text((middle, ground + 10), day, _GREY, _font(_SMALL), anchor="ma")
            half = min(width * 0.36, 60)
            for kind, left in zip(CHARTED, (middle - half, middle), strict=True):
                self._bar(self.cluster.count(start, kind), most, kind, left, half - 3)

    def _bar(self, count: int, most: int, kind: VerdictKind, left: float, width: float) -> None:
        ground = self.top + _PANEL - _BOTTOM
        y = ground - (_PANEL - _TOP - _BOTTOM - 30) * count / most
        if count:
            self.on.rectangle((left, min(y, ground - 3), left + width, ground), _COLOURS[kind])
        words = str(count)
        ink = _INK if count else _GREY
        self.on.text((left + width / 2, y - 4), words, ink, _font(_SMALL), anchor="mb")


def _plain(words: str) -> str:
    """What the font has letters for."""
    shown = "".join(one if one.isascii() and one.isprintable() else "?" for one in words)
    return shown if len(shown) <= 46 else f"{shown[:43]}..."


def _font(size: int) -> Font:
    return ImageFont.load_default(size)
