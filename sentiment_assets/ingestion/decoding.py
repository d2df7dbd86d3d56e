"""Decoding of bytes to text without losing a byte: what cannot be decoded stays visible in the row it stands in."""

import codecs
import re

_BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_FIRST_NOT_ASCII = 0x80
_SAMPLED, _SHOWN = 100_000, 40
_FIRST_ESCAPE, _LAST_ESCAPE = 0xDC00, 0xDCFF
# Control characters, and those that turn the direction of what stands around them.
_ACTS_ON_A_TERMINAL = re.compile("[\\x00-\\x1f\\x7f-\\x9f\\u2028-\\u202e\\u2066-\\u2069]")
_WESTERN = frozenset("àâäáãåæçèéêëìíîïñòóôöõøœùúûüßÀÂÄÁÃÅÆÇÈÉÊËÌÍÎÏÑÒÓÔÖÕØŒÙÚÛÜ€…‘’‚“”„‹›§•–—™\xa0¡£©«»®°´·¿½")
_ORDINAL = re.compile(r"(?:\d|\bn)[ªº](?!\w)", re.IGNORECASE)
"""The one place of these two signs in Western texts; other encodings have letters in their stead."""
_MOST_ACCENTS = 0.25
_HARDLY_USED = ("iso8859_3", "iso8859_10", "iso8859_14")
"""Encodings for Maltese, Sami and Gaelic: they make words of texts in Polish that iso8859-2 does, too."""


def _keep_as_escapes(error: UnicodeError) -> tuple[str, int]:
    """Each undecodable byte b becomes the lone surrogate U+DC00 + b, whatever the encoding."""
    if not isinstance(error, UnicodeDecodeError):
        raise error
    undecodable = error.object[error.start : error.end]
    return "".join(chr(_FIRST_ESCAPE + byte) for byte in undecodable), error.end


ESCAPING = "sentiment_assets.keep_as_escapes"
"""The name by which decoders know this way of treating bytes that cannot be decoded."""
codecs.register_error(ESCAPING, _keep_as_escapes)


def encoding_of(beginning: bytes, declared: str) -> tuple[str, int]:
    """The encoding of a file by its first four bytes, and how many of these are its byte order mark.

    A byte order mark wins over the declared encoding.
    """
    for mark, encoding in _BYTE_ORDER_MARKS:
        if beginning.startswith(mark):
            return encoding, len(mark)
    name = codecs.lookup(declared).name
    # Python reads these so too, but only a content that it has as a whole.
    return (f"{name}-le" if name in ("utf-16", "utf-32") else declared), 0


def decode(content: bytes, declared: str) -> tuple[str, str]:
    """The text of a file and the encoding that was used: a byte order mark wins over the declared encoding."""
    encoding, mark = encoding_of(content[:4], declared)
    return content[mark:].decode(encoding, ESCAPING), encoding


def proposed_encoding(content: bytes) -> tuple[str, str]:
    """The encoding that a text which is not UTF-8 may have, and a piece of it as it would read then; both may be empty.

    A proposal for a person to look at: what most texts of such bytes are, not what this one is.
    """
    import charset_normalizer

    if content.isascii():
        return "", ""
    start = next((place for place, byte in enumerate(content) if byte >= _FIRST_NOT_ASCII), 0)
    sampled = content[max(start - _SAMPLED // 2, 0) :][:_SAMPLED]
    if _is_western(sampled):
        name = "cp1252"
    else:
        best = charset_normalizer.from_bytes(sampled, cp_exclusion=[*_HARDLY_USED]).best()
        if best is None or best.encoding in ("ascii", "utf_8"):
            return "", ""
        name = best.encoding.replace("_", "-")
    before, after = content[:start].rsplit(b"\n", 1)[-1], content[start:].split(b"\n", 1)[0]
    return name, (before[-_SHOWN:] + after[:_SHOWN]).decode(name, "replace").strip()


def _is_western(content: bytes) -> bool:
    """Whether by cp1252 a text has no letters and signs but those of Western Europe's languages, and few of them.

    Other encodings make the same letters of some of its bytes, and short texts do not tell them apart by frequency.
    """
    try:
        text = _ORDINAL.sub("", content.decode("cp1252"))
    except UnicodeDecodeError:
        return False
    beyond = [each for each in text if not each.isascii()]
    letters = sum(map(str.isalpha, text))
    of_hungary = "õ" in beyond and "û" in beyond and "ã" not in beyond
    of_poland = beyond.count("¿") > text.count("?") or text.count("œ") > text.count("œu")
    return (
        all(each in _WESTERN for each in beyond)
        and sum(map(str.isalpha, beyond)) <= _MOST_ACCENTS * letters
        and not (of_hungary or of_poland)
    )


def before_encoded_twice(text: str) -> str:
    """What a text says that was read by another encoding and written as UTF-8 again: "Ã¼" is ü; empty for others."""
    for encoding in ("cp1252", "latin-1"):
        try:
            said = text.encode(encoding).decode()
        except UnicodeError:
            continue
        return said if said != text else ""
    return ""


def undecodable_bytes(text: str) -> str:
    """The bytes in ``text`` that could not be decoded, as hexadecimal; empty when there are none."""
    if text.isascii():
        return ""
    return " ".join(
        f"{ord(character) - _FIRST_ESCAPE:02X}" for character in text if _FIRST_ESCAPE <= ord(character) <= _LAST_ESCAPE
    )


def printable(text: str) -> str:
    """``text`` with what cannot be stored (undecodable bytes, lone surrogates) as backslash escapes."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def on_one_line(text: str) -> str:
    """``text`` for a message or a terminal: nothing in it ends the line, moves the cursor or turns the writing."""
    return _ACTS_ON_A_TERMINAL.sub(lambda found: found[0].encode("unicode_escape").decode(), printable(text))


def in_one_line(text: str) -> str:
    """A longer ``text`` as a terminal may show it: in one line, each stretch of white space a blank."""
    return on_one_line(" ".join(text.split()))
