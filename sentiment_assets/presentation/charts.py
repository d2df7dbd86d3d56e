"""Pictures of net sentiment as SVG that stands in a page: narrow, with letters that a telephone shows, in its colours.

The colours are those of the page's style sheet, so that a picture is dark where the page is; what a picture means is
never said by them alone. Values are net sentiment, -1 to 1, and ``nan`` where nothing is known.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from math import isnan

from markupsafe import Markup

from sentiment_assets.presentation import palette

_WIDTH, _LEFT, _RIGHT, _TOP, _HEIGHT, _VOLUME = 380, 40, 10, 12, 150, 34
_ROOM_OF_A_NAME = 76
_RANGE_WIDTH, _RANGE_HEIGHT, _END = 200, 16, 6
_SPARK_WIDTH, _SPARK_HEIGHT = 160, 44


@dataclass(frozen=True)
class Moment:
    """A period in a picture: its place in time, its name, and net sentiment with its band."""

    place: int
    """How many periods it is after the first; periods side by side are joined by a line, and others are not."""
    name: str
    value: float
    low: float
    high: float
    counted: float
    reviews: int


def over_time(moments: Sequence[Moment], alternative: str) -> Markup:
    """Net sentiment with its band, as counted dashed, and the number of reviews below."""
    known = [each for each in moments if not isnan(each.value)]
    top, bottom = _reach([end for each in known for end in (each.high, each.low, each.counted) if not isnan(end)])
    last = max(moments[-1].place, 1)

    def x(place: int) -> float:
        return _LEFT + 6 + place / last * (_WIDTH - _LEFT - _RIGHT - 12)

    def y(value: float) -> float:
        return _TOP + (top - value) / (top - bottom) * _HEIGHT

    parts = list(_grid(y, bottom, top))
    for run in _runs(known):
        upper = [(x(each.place), y(each.high)) for each in run]
        lower = [(x(each.place), y(each.low)) for each in reversed(run)]
        parts.append(f'<path class="between" d="{_path([*upper, *lower])}z"/>')
        parts.append(f'<path class="line" d="{_path([(x(each.place), y(each.value)) for each in run])}"/>')
        parts.append(f'<path class="counted" d="{_path([(x(each.place), y(each.counted)) for each in run])}"/>')
    for each in known:
        parts.append(f'<path class="span" d="M{x(each.place):.1f} {y(each.low):.1f}V{y(each.high):.1f}"/>')
        parts.append(f'<circle class="point" cx="{x(each.place):.1f}" cy="{y(each.value):.1f}" r="3"/>')
    parts += _volumes(moments, [x(each.place) for each in moments])
    parts += _names(moments, [x(each.place) for each in moments])
    return _svg(_WIDTH, _TOP + _HEIGHT + _VOLUME + 32, parts, alternative)


def sparkline(moments: Sequence[Moment], alternative: str) -> Markup:
    """Net sentiment over time without letters."""
    known = [each for each in moments if not isnan(each.value)]
    top, bottom = _reach([end for each in known for end in (each.high, each.low)])
    last = max(moments[-1].place, 1) if moments else 1

    def at(each: Moment, value: float) -> tuple[float, float]:
        return 4 + each.place / last * (_SPARK_WIDTH - 8), 4 + (top - value) / (top - bottom) * (_SPARK_HEIGHT - 8)

    zero = 4 + top / (top - bottom) * (_SPARK_HEIGHT - 8)
    parts = [f'<path class="zero" d="M0 {zero:.1f}H{_SPARK_WIDTH}"/>']
    for run in _runs(known):
        ends = [*(at(each, each.high) for each in run), *(at(each, each.low) for each in reversed(run))]
        parts.append(f'<path class="between" d="{_path(ends)}z"/>')
        parts.append(f'<path class="line" d="{_path([at(each, each.value) for each in run])}"/>')
        if len(run) == 1:
            parts.append(_dot(*at(run[0], run[0].value)))
    if known:
        parts.append(_dot(*at(known[-1], known[-1].value)))
    return _svg(_SPARK_WIDTH, _SPARK_HEIGHT, parts, alternative)


def range_on_scale(value: float, low: float, high: float, alternative: str) -> Markup:
    """A value and its band on the scale from -100 to +100, whose middle is marked."""
    room, middle = _RANGE_WIDTH - 2 * _END, _RANGE_HEIGHT / 2

    def x(each: float) -> float:
        return _END + (each + 1) / 2 * room

    parts = [f'<path class="zero" d="M{_END} {middle}H{_END + room}M{x(0)} 0V{_RANGE_HEIGHT}"/>']
    if not isnan(value):
        parts.append(f'<path class="span" d="M{x(low):.1f} {middle}H{x(high):.1f}" style="stroke-width:5"/>')
        parts.append(_dot(x(value), middle, 4))
    return _svg(_RANGE_WIDTH, _RANGE_HEIGHT, parts, alternative, kind="range")


def as_svg_file(picture: str) -> bytes:
    """A picture as an SVG file of its own, with the colours of a light page."""
    colours = palette.LIGHT
    style = (
        f"text{{font:12px sans-serif;fill:{colours['secondary-text']}}}.line{{fill:none;stroke:{colours['positive']};"
        f"stroke-width:2}}.counted{{fill:none;stroke:{colours['secondary-text']};stroke-dasharray:3 3}}"
        f".between{{fill:{colours['positive']};opacity:.18}}.point{{fill:{colours['positive']}}}"
        f".span{{stroke:{colours['positive']};stroke-width:2;opacity:.55}}.zero{{stroke:{colours['other']}}}"
        f".volume{{fill:{colours['volume']}}}"
    )
    head, _, rest = str(picture).partition(">")
    return f'{head} xmlns="http://www.w3.org/2000/svg"><style>{style}</style>{rest}'.encode() if picture else b""


def _reach(values: Sequence[float]) -> tuple[float, float]:
    """The upper and the lower end of a scale: tens of points around 0 and all values."""
    top, bottom = max([*values, 0.0]), min([*values, 0.0])
    tens = (-(-top * 10 // 1) / 10, bottom * 10 // 1 / 10)
    return (tens[0], tens[1]) if tens[0] > tens[1] else (0.1, -0.1)


def _runs(moments: Sequence[Moment]) -> Iterator[list[Moment]]:
    """Moments that lie side by side in time."""
    run: list[Moment] = []
    for each in moments:
        if run and each.place != run[-1].place + 1:
            yield run
            run = []
        run.append(each)
    if run:
        yield run


def _grid(y: Callable[[float], float], bottom: float, top: float) -> Iterator[str]:
    """The ends of the scale and its zero, with their numbers, as far as these do not stand in one another."""
    written: list[float] = []
    for value in (0.0, top, bottom):
        if all(abs(y(value) - y(other)) >= 14 for other in written):
            written.append(value)
            yield f'<path class="zero" d="M{_LEFT} {y(value):.1f}H{_WIDTH - _RIGHT}"/>'
            yield f'<text x="{_LEFT - 5}" y="{y(value) + 4:.1f}" text-anchor="end">{_whole_points(value)}</text>'


def _volumes(moments: Sequence[Moment], places: Sequence[float]) -> Iterator[str]:
    floor, most = _TOP + _HEIGHT + 8 + _VOLUME, max(each.reviews for each in moments)
    width = max(1.5, min(14.0, (_WIDTH - _LEFT - _RIGHT) / (moments[-1].place + 1) - 1))
    for each, x in zip(moments, places, strict=True):
        height = each.reviews / most * _VOLUME
        yield f'<path class="volume" d="M{x - width / 2:.1f} {floor:.1f}v{-height:.1f}h{width:.1f}V{floor:.1f}z"/>'


def _names(moments: Sequence[Moment], places: Sequence[float]) -> Iterator[str]:
    """The names of the last period and of those before it for which there is room."""
    free, base = float(_WIDTH), _TOP + _HEIGHT + _VOLUME + 26
    for each, x in reversed(list(zip(moments, places, strict=True))):
        centre = min(max(x, _ROOM_OF_A_NAME / 2), _WIDTH - _ROOM_OF_A_NAME / 2)
        if centre + _ROOM_OF_A_NAME / 2 <= free:
            free = centre - _ROOM_OF_A_NAME / 2
            yield f'<text x="{centre:.1f}" y="{base}" text-anchor="middle">{Markup.escape(each.name)}</text>'


def _dot(x: float, y: float, radius: float = 3) -> str:
    return f'<circle class="point" cx="{x:.1f}" cy="{y:.1f}" r="{radius}"/>'


def _path(ends: Sequence[tuple[float, float]]) -> str:
    return "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in ends)


def _svg(width: int, height: int, parts: Sequence[str], alternative: str, *, kind: str = "chart") -> Markup:
    head = f'<svg class="{kind}" viewBox="0 0 {width} {height}" role="img" aria-label="{Markup.escape(alternative)}">'
    return Markup(f"{head}{''.join(parts)}</svg>")  # noqa: S704  numbers, and names that are escaped


def _whole_points(value: float) -> str:
    return f"{value * 100:+.0f}" if value else "0"
