"""Pages for people: templates whose values are escaped, so that review text is never markup, in one style."""

from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from sentiment_assets.presentation import palette
from sentiment_assets.presentation.inline_svg import inlined
from sentiment_assets.presentation.wording import counted, example, format_p_value, percent, points

_HERE = Path(__file__).parent
_STYLE = "style.html.j2"


@cache
def html_environment(folder: Path) -> Environment:
    """Return the environment of the templates in ``folder``.

    A page writes ``style`` into its head. Filters: ``percent`` for shares, ``points`` for net sentiment, ``cut`` for
    review texts, ``inlined`` for an SVG picture with its description, and ``counted`` for how many there are.
    """
    environment = Environment(
        loader=FileSystemLoader([folder, _HERE]), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    environment.filters |= {
        "percent": percent,
        "points": points,
        "cut": example,
        "p_value": format_p_value,
        "inlined": inlined,
        "counted": counted,
    }
    environment.globals["style"] = Markup(environment.get_template(_STYLE).render(palette=palette))  # noqa: S704  our own
    return environment
