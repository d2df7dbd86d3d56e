"""How an address is shown to people: without the passwords and signatures that a URL may hold."""

import re
from urllib.parse import unquote, unquote_plus

_HIDDEN = "***"
_SHORTEST_SECRET = 3
"""Characters from which a part of a URL counts as a secret: a shorter one would be found in any text."""
# A password may hold a slash, which a URL should not; what stands before a port is none.
_USER_INFO = re.compile(r"(?<=://)(?:[^\s/?#@:]*:(?!\d+(?:[/?#]|$))[^\s@]*@)*(?:[^\s/?#]*@)?")
_QUERY = re.compile(r"(?<=://)([^\s?#]*)([?#]\S*)")


def shown(address: object) -> str:
    """An address without user name, password, query and fragment; a local path as it is.

    A longer text is shown so too: each URL in it loses what is not to be read.
    """
    return "::".join(_QUERY.sub(r"\1", _USER_INFO.sub("", part)) for part in str(address).split("::"))


def without_secrets(message: object, *addresses: str) -> str:
    """What an error says, without what ``addresses`` hide: libraries quote them whole, in parts, and decoded."""
    said = str(message)
    for secret in sorted({each for address in addresses for each in _secrets(address)}, key=len, reverse=True):
        said = said.replace(secret, _HIDDEN)
    return shown(said)


def _secrets(address: str) -> set[str]:
    """The parts of a URL that are not shown, as they stand in it and decoded."""
    user_infos = [each.removesuffix("@") for each in _USER_INFO.findall(address)]
    queries = [query.lstrip("?#") for _, query in _QUERY.findall(_USER_INFO.sub("", address))]
    values = [part.partition("=")[2] for query in queries for part in query.split("&")]
    hidden = [*user_infos, *(each.partition(":")[2] for each in user_infos), *queries, *values]
    return {
        part for each in hidden for part in (each, unquote(each), unquote_plus(each)) if len(part) >= _SHORTEST_SECRET
    }
