"""The chart of a comparison: a bar for each run, drawn as a PNG that is legible anywhere.

It brings its own light ground, so that it reads the same in Slack's light and dark; what colour
tells is also told by words and by an outline.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from PIL import Image, ImageDraw, ImageFont

from bot.answering.wording import duration
from bot.domain.comparisons import Comparison, Measure, Timed
from bot.words import say

# Pixels; Slack shows a third of these in the narrow pane of a thread, where it must be legible.
_WIDTH, _HEIGHT = 1_080, 620
_LEFT, _RIGHT, _TOP, _BOTTOM = 160, 40, 160, 110
_GROUND, _EDGE, _GRID = "#fbfbf9", "#d9d9d2", "#e7e7e1"
_INK, _GREY = "#1d1f23", "#5d6068"
_BEFORE, _FAILED, _THIS, _LIMIT = "#8fa9c4", "#d3b3a2", "#c4441c", "#8a1c1c"
_BIG, _MIDDLE, _SMALL = 42, 34, 31
_STEPS = (1.0, 2.0, 5.0, 10.0, 15.0, 30.0, 60.0, 120.0, 300.0, 600.0, 900.0, 1_800.0, 3_600.0)
_HOUR = 3_600.0
_LABELS = 4  # at most, under the bars
_HEADROOM = 1.12

Font = ImageFont.FreeTypeFont | ImageFont.ImageFont


def chart(comparison: Comparison) -> bytes:
    """The picture as a PNG."""
    image = Image.new("RGB", (_WIDTH, _HEIGHT), _GROUND)
    _Chart(ImageDraw.Draw(image), comparison).draw()
    # Few colours, so a palette makes it a quarter of the size.
    out = io.BytesIO()
    image.quantize(64).save(out, "PNG", optimize=True)
    return out.getvalue()


def title_of(comparison: Comparison) -> str:
    if comparison.measure is Measure.QUEUED:
        return say("Time in the queue of {name}, run by run", name=comparison.name)
    return say("Duration of {name}, run by run", name=comparison.name)


@dataclass(frozen=True, slots=True)
class _Chart:
    on: ImageDraw.ImageDraw
    comparison: Comparison

    def draw(self) -> None:
        self.on.rectangle((0, 0, _WIDTH - 1, _HEIGHT - 1), outline=_EDGE, width=2)
        self._heading()
        self._grid()
        bars = (*self.comparison.earlier, self.comparison.this)
        for number, timed in enumerate(bars):
            self._bar(number, len(bars), timed)
        self._dates(bars)
        self._line(self.comparison.usual, _GREY, say("usual"))
        self._line(self.comparison.limit, _LIMIT, say("limit"))

    @property
    def _top(self) -> float:
        """The greatest seconds that there is room for."""
        found = [one.seconds for one in (*self.comparison.earlier, self.comparison.this)]
        return max(*found, self.comparison.limit or 0.0, 1.0) * _HEADROOM

    def _heading(self) -> None:
        self.on.text((32, 26), _plain(title_of(self.comparison)), _INK, _font(_BIG))
        this = duration(self.comparison.this.seconds)
        usual = self.comparison.usual
        compared = say(", usually {usual}", usual=duration(usual)) if usual is not None else ""
        words = say("This run: {this}", this=this) + compared
        self.on.text((32, 84), words, _GREY, _font(_MIDDLE))

        if any(one.state == "failed" for one in self.comparison.earlier):
            self.on.rectangle((_WIDTH - 258, 92, _WIDTH - 234, 116), _FAILED)
            self.on.text((_WIDTH - 222, 84), say("failed before"), _GREY, _font(_MIDDLE))

    def _grid(self) -> None:
        for seconds in _ticks(self._top):
            y = self._y(seconds)
            self.on.line((_LEFT, y, _WIDTH - _RIGHT, y), _GRID, 2)
            words = duration(seconds) if seconds else "0"
            self.on.text((_LEFT - 18, y), words, _GREY, _font(_SMALL), anchor="rm")

    def _bar(self, number: int, among: int, timed: Timed) -> None:
        left, right = _span(number, among)
        y, ground = self._y(timed.seconds), self._y(0.0)
        y = min(y, ground - 4)
        is_this = number == among - 1
        colour = _THIS if is_this else _FAILED if timed.state == "failed" else _BEFORE
        self.on.rectangle((left, y, right, ground), colour, _INK if is_this else None, 3)
        if is_this:
            words = duration(timed.seconds)
            middle = min((left + right) / 2, _WIDTH - _RIGHT - 50)
            self.on.text((middle, y - 8), words, _INK, _font(_MIDDLE), anchor="mb")

    def _dates(self, bars: Sequence[Timed]) -> None:
        """Under some of the bars when they ran; the last is this run."""
        y = _HEIGHT - _BOTTOM + 16
        self.on.text((_LEFT - 18, y), "UTC", _GREY, _font(_SMALL), anchor="ra")
        every = max(1, -(-len(bars) // _LABELS))
        for number, timed in enumerate(bars):
            left, right = _span(number, len(bars))
            if number == len(bars) - 1:
                x = min((left + right) / 2, _WIDTH - _RIGHT - 56)
                self.on.text((x, y), say("this run"), _INK, _font(_MIDDLE), anchor="ma")
            elif number % every == 0 and len(bars) - 1 - number >= every / 2 and timed.at:
                x = max((left + right) / 2, _LEFT + 56)
                words = timed.at.strftime(say("%d %b") + "\n%H:%M")
                self.on.multiline_text((x, y), words, _GREY, _font(_SMALL), "ma", align="center")

    def _line(self, seconds: float | None, colour: str, name: str) -> None:
        if seconds is None:
            return
        y = self._y(seconds)
        for x in range(_LEFT, _WIDTH - _RIGHT, 28):
            self.on.line((x, y, min(x + 15, _WIDTH - _RIGHT), y), colour, 4)
        words = f"{name} {duration(seconds)}"
        box = self.on.textbbox((_LEFT + 12, y - 8), words, _font(_SMALL), anchor="lb")
        self.on.rectangle((box[0] - 6, box[1] - 4, box[2] + 6, box[3] + 4), _GROUND)
        self.on.text((_LEFT + 12, y - 8), words, colour, _font(_SMALL), anchor="lb")

    def _y(self, seconds: float) -> float:
        height = _HEIGHT - _TOP - _BOTTOM
        return _HEIGHT - _BOTTOM - height * seconds / self._top


def _span(number: int, among: int) -> tuple[float, float]:
    """From where to where a bar goes."""
    room = (_WIDTH - _LEFT - _RIGHT) / among
    gap = min(room * 0.25, 24.0)
    # A few bars are no wider than many look well.
    width = min(room - gap, 110.0)
    middle = _LEFT + room * (number + 0.5)
    return middle - width / 2, middle + width / 2


def _ticks(top: float) -> Iterator[float]:
    """Round figures from zero, five or so."""
    step = next((one for one in _STEPS if top / one <= 6), 0.0)
    if not step:
        step = max(1, round(top / 5 / _HOUR)) * _HOUR
    seconds = 0.0
    while seconds <= top:
        yield seconds
        seconds += step


def _plain(words: str) -> str:
    """What the font has letters for; the message says the name in full."""
    shown = "".join(one if one.isascii() and one.isprintable() else "?" for one in words)
    return shown if len(shown) <= 46 else f"{shown[:43]}..."


def _font(size: int) -> Font:
    return ImageFont.load_default(size)
