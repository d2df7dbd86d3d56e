"""Texts that were cut out of a web page: their tags and entities become what a browser would show."""

import re
from html.parser import HTMLParser

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
_TAG = re.compile(_TAGS)
_ENDS_A_LINE = frozenset(
    {"br", "p", "div", "li", "ul", "ol", "tr", "table", "blockquote", "section", "article"}
) | frozenset(f"h{level}" for level in range(1, 7))
_NOT_SHOWN = frozenset({"script", "style", "head", "title"})
_BLANKS = re.compile(r"[^\S\n]+")
_LINE_ENDS = re.compile(r" ?\n[\s]*")


def has_markup(text: str) -> bool:
    """Whether a tag or an entity stands in the text; a lone ``<`` or ``&`` is none."""
    return ("<" in text or "&" in text) and _MARKUP.search(text) is not None


def without_markup(text: str) -> str:
    """What a browser would show of a text with markup, with a line end where a paragraph or line ends.

    What was escaped more than once is read as often, so that a text that comes back is not changed again.
    """
    while has_markup(text):
        shown = _shown(text)
        if len(shown) >= len(text):  # what is left looks like markup and is none
            break
        text = shown
    return text


def _shown(text: str) -> str:
    reader = _ShownText()
    reader.feed(text)
    reader.close()
    shown = _BLANKS.sub(" ", "".join(reader.shown).replace("\xa0", " "))
    return _LINE_ENDS.sub("\n", shown).strip()


class _ShownText(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.shown: list[str] = []
        self._hidden_within: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if not _TAG.fullmatch(tag):
            self.handle_data(self.get_starttag_text() or "")
        elif tag in _NOT_SHOWN and f"</{tag}" in self._rest():
            self._hidden_within.append(tag)
        self._end_line(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if not _TAG.fullmatch(tag):
            self.handle_data(self.get_starttag_text() or "")
        self._end_line(tag)

    def handle_endtag(self, tag: str) -> None:
        if not _TAG.fullmatch(tag):
            self.handle_data(f"</{tag}>")
        elif self._hidden_within and self._hidden_within[-1] == tag:
            self._hidden_within.pop()
        self._end_line(tag)

    def _rest(self) -> str:
        """What is still to be read: without its end, what is not shown would swallow all of it."""
        return self.rawdata.lower()

    def handle_data(self, data: str) -> None:
        if not self._hidden_within:
            self.shown.append(data)

    def _end_line(self, tag: str) -> None:
        if tag in _ENDS_A_LINE:
            self.shown.append("\n")
