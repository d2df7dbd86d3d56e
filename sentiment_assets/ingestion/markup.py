"""Texts that were cut out of a web page: their tags and entities become what a browser would show."""

import re
from html import unescape

_TAGS = (
    "a|abbr|address|article|aside|audio|b|big|blockquote|body|br|button|center|cite|code|dd|del|details|div|dl|dt|em|figure|"
    "font|footer|form|h[1-6]|head|header|hr|html|i|iframe|img|input|ins|kbd|label|li|link|main|mark|meta|nav|nobr|noscript|"
    "object|ol|option|p|picture|pre|q|s|samp|script|section|select|small|source|span|strike|strong|style|sub|summary|sup|svg|"
    "table|tbody|td|textarea|tfoot|th|thead|time|title|tr|tt|u|ul|video|wbr"
)
_ATTRIBUTES = r"(?:\s+[a-z_:][\w:.\-]*(?:\s*=\s*(?:\"[^\"]*\"|'[^']*'|[^\s\"'<>=]+))?)*"
MARKUP = rf"</?(?:{_TAGS}){_ATTRIBUTES}\s*/?>|<!--|&(?:[a-z]{{2,8}}|#\d{{2,6}}|#x[0-9a-f]{{2,5}});"
"""What a tag of HTML, a comment or an entity looks like, in small or capital letters; ``<sarcasm>`` is none."""
_MARKUP = re.compile(MARKUP, re.IGNORECASE)
_PIECE = re.compile(
    rf"<(?P<end>/?)(?P<tag>{_TAGS}){_ATTRIBUTES}\s*(?P<alone>/?)>|(?P<comment><!--)|<[!?][a-z][^<>]*>", re.IGNORECASE
)
"""A tag, the beginning of a comment, or a declaration such as ``<!DOCTYPE html>``."""
_ENDS_A_LINE = frozenset(
    {"br", "p", "div", "li", "ul", "ol", "tr", "table", "blockquote", "section", "article"}
) | frozenset(f"h{level}" for level in range(1, 7))
_NOT_SHOWN = ("script", "style", "head", "title")
_END_OF_COMMENT = "-->"
_DEEPEST = 10
"""How often a text is read at most: exports escape twice, and who escapes on and on wants to keep us busy."""
_BLANKS = re.compile(r"[^\S\n]+")
_LINE_ENDS = re.compile(r" ?\n[\s]*")


def has_markup(text: str) -> bool:
    """Whether a tag or an entity stands in the text; a lone ``<`` or ``&`` is none."""
    return ("<" in text or "&" in text) and _MARKUP.search(text) is not None


def without_markup(text: str) -> str:
    """What a browser would show of a text with markup, with a line end where a paragraph or line ends.

    What was escaped more than once is read as often, so that a text that comes back is not changed again. One that
    still holds markup after ten times is left as it was.
    """
    read = text
    for _ in range(_DEEPEST):
        if not has_markup(read):
            return read
        shown = _shown(read)
        if len(shown) >= len(read):  # what is left looks like markup and is none
            return read
        read = shown
    return text


def _shown(text: str) -> str:
    """One reading, in a time that grows with the text and no faster."""
    ends = _Ends(text)
    shown: list[str] = []
    place = 0
    while found := _PIECE.search(text, place):
        shown.append(unescape(text[place : found.start()]))
        place = found.end()
        if found["comment"]:
            end = ends.after(place, _END_OF_COMMENT)
            shown.append("" if end else found[0])  # without its end, it would swallow all the rest
            place = end + len(_END_OF_COMMENT) if end else place
        elif found["tag"]:
            tag = found["tag"].lower()
            shown.append("\n" if tag in _ENDS_A_LINE else "")
            is_hiding = tag in _NOT_SHOWN and not found["end"] and not found["alone"]
            place = (ends.after(place, f"</{tag}") or place) if is_hiding else place
    shown.append(unescape(text[place:]))
    return _LINE_ENDS.sub("\n", _BLANKS.sub(" ", "".join(shown).replace("\xa0", " "))).strip()


class _Ends:
    """Where what is not shown ends. What was not found once is not looked for again."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._without = set[str]()

    def after(self, place: int, end: str) -> int:
        """The next place of an end, in small or capital letters; 0 if there is none."""
        found = None if end in self._without else re.compile(re.escape(end), re.IGNORECASE).search(self._text, place)
        if not found:
            self._without.add(end)
        return found.start() if found else 0
