"""A folder of texts: each file is a review, and the folder it lies in is called by its label."""

from collections.abc import Iterator

from sentiment_assets.ingestion.decoding import decode, on_one_line, undecodable_bytes
from sentiment_assets.ingestion.readers.source import (
    FILES,
    LINES,
    LINES_PASSED_OVER,
    NOT_READ,
    SHAPE,
    RawRow,
    fault_of_text,
    proposal_of_encoding,
)
from sentiment_assets.ingestion.readers.unpacking import PackedFile, UnreadableFile, opened_archive, shown_files
from sentiment_assets.ingestion.text_folders import Folder, is_folder_of_texts, is_text, reviews_among, said_by_path

_MOST_LINES = 1000
"""More than a review has: such a file holds many, one a line."""
_MOST_NAMED = 5
_MOST_SAMPLED = 20


def read_folder(folder: Folder, encoding: str, found: dict[str, object]) -> Iterator[RawRow]:
    """The rows of a folder, numbered in the order in which they come. Raises ``UnreadableFile`` if it has none."""
    reviews = reviews_among(folder.texts)
    if not reviews:
        raise UnreadableFile(_no_review(folder))
    others = sorted(map(on_one_line, {*folder.texts, *folder.others} - {*reviews}))
    found[SHAPE] = "a folder of texts, each of them a review"
    if others:
        found[NOT_READ] = f"{_named(others)}; a review is a .txt in a folder of texts only"
    encodings: dict[str, None] = {}
    undecodable: list[bytes] = []
    for number, path in enumerate(reviews, start=1):
        content = folder.texts[path]
        text, used = decode(content, encoding)
        encodings[used] = None
        if len(undecodable) < _MOST_SAMPLED and undecodable_bytes(text):
            undecodable.append(content)
        yield _row(number, path, text.rstrip("\r\n"), used)
    if undecodable:
        found.update(proposal_of_encoding(b"\n".join(undecodable)))
    found.update({"encoding": ", ".join(encodings), FILES: len(folder.texts), LINES: len(folder.texts)})
    found[LINES_PASSED_OVER] = len(folder.texts) - len(reviews)


def folder_in_archive(archive: PackedFile) -> Folder | None:
    """The folder of texts that a zip archive is; ``None`` if it is none. Raises ``UnreadableFile``."""
    with opened_archive(archive.content) as opened:
        names = shown_files(opened)
        if len(names) < 2 or not is_folder_of_texts(names):
            return None
        texts = [name for name in names if is_text(name)]
        archive.require_bounded(sum(opened.getinfo(name).file_size for name in texts))
        contents = {name: opened.read(name) for name in texts}
    return Folder(contents, tuple(name for name in names if not is_text(name)))


def _row(number: int, path: str, text: str, encoding: str) -> RawRow:
    if fault := fault_of_text(text, encoding):
        return RawRow(number, {"file": path}, f"the file {path} {fault.said}")
    if (lines := text.count("\n") + 1) > _MOST_LINES:
        return RawRow(
            number,
            {"file": path},
            f"the file {path} has {lines:,} lines and should be one review; if each line is one, land it by itself, "
            "not in a folder of texts",
        )
    return RawRow(number, {"text": text, **said_by_path(path)})


def _no_review(folder: Folder) -> str:
    wanted = "put each review into a .txt of its own, in a folder that is called by its label, such as pos or neg"
    if not folder.texts:
        there = f"it has {_named(sorted(folder.others))}" if folder.others else "it is empty"
        return f"{there}, and no text: {wanted}"
    return f"its texts ({_named(sorted(folder.texts))}) lie in no folder that says their label: {wanted}"


def _named(paths: list[str]) -> str:
    more = f" and {len(paths) - _MOST_NAMED:,} more" if len(paths) > _MOST_NAMED else ""
    return ", ".join(paths[:_MOST_NAMED]) + more
