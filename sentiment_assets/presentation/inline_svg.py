"""Matplotlib's pictures as a part of a page, in whose colours they are seen, light or dark."""

import re

from markupsafe import Markup, escape

from sentiment_assets.presentation import palette

_METADATA = re.compile(r"<metadata>.*?</metadata>\s*", re.DOTALL)


def inlined(picture: bytes, description: str) -> Markup:
    """The picture's SVG element, with a description for those who do not see it.

    Its colours are those of ``palette.LIGHT``, each replaced by the variable that the page's style has for it; letters
    and axes, which are black, become the page's. Its texts are escaped by matplotlib.
    """
    svg = picture.decode()
    svg = _METADATA.sub("", svg[svg.index("<svg") :])
    named = {colour: name for name, colour in palette.LIGHT.items()} | {palette.UNCOLOURED: "text"}
    pattern = re.compile("|".join(map(re.escape, named)), re.IGNORECASE)
    coloured = pattern.sub(lambda found: f"var(--{named[found[0].lower()]})", svg)
    head, rest = coloured.split(">", 1)
    return Markup(f'{head} role="img" aria-label="{escape(description)}">{rest}')  # noqa: S704  matplotlib escapes it
