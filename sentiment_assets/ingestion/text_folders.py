"""Folders of texts, each of them a review, that lie in folders called by their labels."""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from sentiment_assets.ingestion.formats import format_of
from sentiment_assets.ingestion.label_rules import is_number
from sentiment_assets.ingestion.settings import IngestionSettings, LabelRule, label_key

LABEL_WORDS = ("positive", "pos", "negative", "neg")
"""The words for a label that no folder and no file is called by for another reason."""
UNLABELLED = ("unsup", "unsupervised", "unlabelled", "unlabeled")
_ID_AND_RATING = re.compile(r"(\d+)_(\d{1,2})")


@dataclass(frozen=True)
class Folder:
    """A folder of texts, whose files make one batch together."""

    texts: Mapping[str, bytes]
    """The content of each ``.txt`` file, by its path in the folder."""
    others: tuple[str, ...] = ()
    """The paths of what else lies in it."""


@dataclass(frozen=True)
class Landed:
    """What lies in a landing place, by what becomes a batch."""

    files: tuple[str, ...]
    """Files that are a batch each, or none at all."""
    folders: Mapping[str, tuple[str, ...]]
    """The paths of the texts of each folder of texts, by the folder's own path."""
    odd: Mapping[str, str] = field(default_factory=dict)
    """What is the matter with a folder of a label that lies in no folder, as the end of a sentence."""


def is_text(path: str) -> bool:
    """Whether a file may be one text of a folder, by its name."""
    return format_of(path) == ("txt", "")


def folders_of_texts(paths: Iterable[str], settings: IngestionSettings) -> Landed:
    """The folders of texts among the paths of a landing place.

    A text whose folder is called by a label is a review, and all texts below the folder above make one batch. Labels
    are ``LABEL_WORDS``, ``UNLABELLED`` and the words of the branch's own rule, or any name if the branch says that a
    file is one review.
    """
    every = list(paths)
    texts = [path for path in every if is_text(path)]
    any_name, words = settings.format.one_review == "file", _label_words(settings.labels)
    of_labels = {each for each in set(map(_folder_of, texts)) - {""} if any_name or label_key(_name_of(each)) in words}
    above = {_folder_of(folder) for folder in of_labels} - {""}
    folders: dict[str, list[str]] = {}
    for path in texts:
        outermost = next((each for each in _folders_above(path) if each in above), "")
        if outermost:
            folders.setdefault(outermost, []).append(path)
    odd = {
        each: f"holds texts and lies in no folder that names their batch: move it into one, such as week_12/{each}"
        for each in of_labels
        if "/" not in each and each not in folders
    }
    taken = {path for members in folders.values() for path in members}
    taken |= {path for path in texts if _folder_of(path) in odd}
    return Landed(
        files=tuple(path for path in every if path not in taken),
        folders={folder: tuple(members) for folder, members in folders.items()},
        odd=odd,
    )


def reviews_among(paths: Collection[str]) -> list[str]:
    """The texts that are reviews: those in a folder that holds no other folder of texts.

    The folders take turns, so that the first reviews are of all labels.
    """
    texts = sorted(filter(is_text, paths))
    holding = {folder for path in texts for folder in list(_folders_above(path))[:-1]} | {""}
    place: dict[str, int] = {}
    turns = []
    for path in texts:
        folder = _folder_of(path)
        if folder not in holding:
            place[folder] = place.get(folder, 0) + 1
            turns.append((place[folder], path))
    return [path for _, path in sorted(turns)]


def said_by_path(path: str) -> dict[str, object]:
    """What the path of a text says: its label, file, id and, of a name such as ``0_9.txt``, its rating.

    A text that is in a folder of unlabelled ones has neither.
    """
    stem = _name_of(path).rpartition(".")[0]
    named = _ID_AND_RATING.fullmatch(stem)
    label = _name_of(_folder_of(path))
    is_labelled = label_key(label) not in UNLABELLED
    return {
        "label": label if is_labelled else None,
        "file": path,
        "id": named[1] if named else stem,
        "rating": int(named[2]) if named and is_labelled else None,
    }


def is_found_when_landed(folder: Folder, settings: IngestionSettings) -> bool:
    """Whether all texts of a folder will be found to be texts of one, when it has landed under some name."""
    landed = folders_of_texts((f"folder/{path}" for path in folder.texts), settings)
    return bool(landed.folders) and not landed.files


def is_folder_of_texts(paths: Collection[str]) -> bool:
    """Whether the files of an archive are texts in folders of labels: in several, or in one that is called so."""
    names = {label_key(_name_of(_folder_of(path))) for path in reviews_among(paths)}
    others = [path for path in paths if format_of(path)[0] and not is_text(path)]
    return not others and (len(names) > 1 or bool(names & {*LABEL_WORDS, *UNLABELLED}))


def _label_words(rule: LabelRule) -> frozenset[str]:
    """The names of folders of labels. A number is no word: the folder of a month would be taken for a label."""
    own = () if rule.is_default_for_numbers else (*rule.positive, *rule.negative, *rule.neutral)
    return frozenset((*LABEL_WORDS, *UNLABELLED, *(key for key in map(label_key, own) if not is_number(key))))


def _folder_of(path: str) -> str:
    return path.rpartition("/")[0]


def _name_of(path: str) -> str:
    return path.rpartition("/")[2]


def _folders_above(path: str) -> Iterator[str]:
    """The folders that a file lies in, the outermost first."""
    parts = path.split("/")
    return ("/".join(parts[:count]) for count in range(1, len(parts)))
