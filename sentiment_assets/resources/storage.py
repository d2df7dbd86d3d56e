"""Frames as Parquet, arrays as memory-mapped ``.npy``, on any fsspec path; nothing is ever half-written."""

import io
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import dagster as dg
from upath import UPath

from sentiment_assets.ingestion.batch_key import fault_of_path
from sentiment_assets.learning.lazy_mapping import LazyMapping
from sentiment_assets.resources.home import below_home, is_local, make_folder
from sentiment_assets.resources.home_format import require_known_format
from sentiment_assets.resources.local_copies import local_copy
from sentiment_assets.resources.urls import shown
from sentiment_assets.resources.versioned_folders import CURRENT, remove_unused
from sentiment_assets.resources.written_files import write_atomically, written_atomically

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

    Frame = pd.DataFrame
else:
    Frame = Any  # Dagster evaluates the annotations of assets, and pandas is not loaded then


_LONGEST_NAME = 200
"""Bytes of a file's name without its ending; file systems take 255 with it."""
_LONGEST_PATH = 3_500
"""Bytes of a whole key; file systems take paths of 4,095, in which the data folder stands as well."""
_ROWS_OF_A_GROUP = 20_000
MAPPED_TEXTS = "mapped_texts"
"""A word in the metadata of an asset's input: its frame is large, and the column ``text`` need not be in memory."""
_NAMES = "names.json"


class Storage(dg.ConfigurableResource[Any]):
    """The data folder: ``<root>/<branch>/<asset>[/<partition>]``."""

    root: str

    def setup_for_execution(self, context: dg.InitResourceContext) -> None:
        """Refuse a data folder that a later release has written. Raises ``NewerHome``."""
        require_known_format(self.path())

    def path(self, *parts: str) -> UPath:
        """A path below the data folder."""
        return below_home(self.root).joinpath(*parts)

    @property
    def folder_of_unfinished(self) -> Path | None:
        """Where large unfinished files lie: the data folder, or ``None`` if that is on no disk of this host."""
        root = below_home(self.root)
        if not is_local(root):
            return None
        make_folder(Path(root.path))
        return Path(root.path)

    def frame_path(self, branch: str, asset: str, partition: str) -> UPath:
        """Where a partition of a frame-valued asset lies."""
        return self.partition_path(branch, asset, partition, FrameIOManager.extension)

    def store_frame(self, branch: str, asset: str, partition: str, frame: Frame) -> UPath:
        """Store a partition of a frame-valued asset; returns where it lies."""
        path = self.frame_path(branch, asset, partition)
        store_frame(path, frame)
        return path

    def candidate_path(self, branch: str, partition: str) -> UPath:
        """Where a trained candidate lies."""
        return self.partition_path(branch, "trained_candidates", partition, ".npz")

    def partition_path(self, branch: str, folder: str, partition: str, extension: str) -> UPath:
        """Where something that there is once for each partition lies."""
        return self.path(branch, folder, file_name(partition) + extension)


def file_name(partition: str) -> str:
    """The path, without its ending, that a partition is stored under: its key, as far as file systems take it.

    ``|`` becomes ``_``, and a part of more than 200 bytes is cut and gets a digest of the whole instead of its end. A
    key that leads out of its folder, or is longer than paths may be, is stored under its digest alone.
    """
    if fault_of_path(partition) or len(partition.encode()) > _LONGEST_PATH:
        return f"~{_digest(partition)}"
    return "/".join(_short(part) for part in partition.replace("|", "_").split("/"))


def _short(name: str) -> str:
    encoded = name.encode()
    if len(encoded) <= _LONGEST_NAME:
        return name
    digest = _digest(name)
    return f"{encoded[: _LONGEST_NAME - len(digest) - 1].decode(errors='ignore')}~{digest}"


def _digest(name: str) -> str:
    return sha256(name.encode()).hexdigest()[:16]


def frame_to_bytes(frame: Frame) -> bytes:
    """A frame as a Parquet file."""
    buffer = io.BytesIO()
    write_frame(frame, buffer)
    return buffer.getvalue()


def write_frame(frame: Frame, stream: BinaryIO) -> None:
    """Write a frame as Parquet, in groups of so few rows that little of it is held twice."""
    frame.to_parquet(stream, index=False, compression="zstd", row_group_size=_ROWS_OF_A_GROUP)


def store_frame(path: UPath, frame: Frame) -> None:
    """Store a frame as ``written_atomically`` does, so that a reader sees the former one or this one."""
    with written_atomically(path) as stream:
        write_frame(frame, stream)


def read_frame(path: UPath) -> Frame:
    """A stored frame. Raises ``FileNotFoundError`` when there is none."""
    from sentiment_assets.resources.parquet import parquet_table

    return parquet_table(Path(path.path) if is_local(path) else path.read_bytes()).to_pandas()


def frame_attributes(path: UPath) -> Mapping[str, Any]:
    """The ``attrs`` of a stored frame, without reading its rows; none when there is no such frame."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with path.open("rb") as file:
            stored = pq.read_schema(file).metadata or {}
    except (FileNotFoundError, pa.ArrowInvalid):  # one that is damaged has none, and can be replaced
        return {}
    attributes: Mapping[str, Any] = json.loads(stored.get(b"PANDAS_ATTRS", b"{}"))
    return attributes


def read_partitions(storage: Storage, branch: str, asset: str, partitions: Sequence[str]) -> dict[str, Frame]:
    """The stored frames of those partitions that have one, in the order given."""
    paths = {each: storage.frame_path(branch, asset, each) for each in partitions}
    return {each: read_frame(path) for each, path in paths.items() if path.exists()}


def read_each(storage: Storage, branch: str, asset: str, partitions: Sequence[str]) -> Iterator[tuple[str, Frame]]:
    """The stored frames as ``read_partitions`` gives them, but each when it is asked for."""
    for each in stored_partitions(storage, branch, asset, partitions):
        yield each, read_frame(storage.frame_path(branch, asset, each))


def stored_partitions(storage: Storage, branch: str, asset: str, partitions: Sequence[str]) -> list[str]:
    """The partitions that have a stored frame, in the order given."""
    return [each for each in partitions if storage.frame_path(branch, asset, each).exists()]


def read_with_mapped_texts(path: UPath) -> Frame:
    """A stored frame, read some rows at a time, whose column ``text`` lies in a mapped file on this host."""
    from sentiment_assets.learning.mapped_texts import joined_with_mapped_texts
    from sentiment_assets.resources.parquet import opened_parquet

    with opened_parquet(path) as stored:
        groups = (stored.read_row_group(number).to_pandas() for number in range(stored.num_row_groups))
        joined = joined_with_mapped_texts(groups, Path(path.path).parent if is_local(path) else None)
        return joined[stored.schema_arrow.names]


class FrameIOManager(dg.UPathIOManager):
    """DataFrames as Parquet files, one a partition."""

    extension = ".parquet"

    def get_path_for_partition(self, context: dg.InputContext | dg.OutputContext, path: UPath, partition: str) -> UPath:
        """Below the asset's folder, under the partition's file name."""
        return path / file_name(partition)

    def dump_to_path(self, context: dg.OutputContext, obj: Frame, path: UPath) -> None:
        """Store a frame."""
        store_frame(path, obj)

    def load_from_path(self, context: dg.InputContext, path: UPath) -> Frame:
        """Load a frame; an input whose metadata say ``MAPPED_TEXTS`` has its texts in a mapped file."""
        return read_with_mapped_texts(path) if context.definition_metadata.get(MAPPED_TEXTS) else read_frame(path)


@dataclass(frozen=True)
class StoredArrays:
    """Named arrays and the version they were stored under."""

    version: str
    arrays: "Mapping[str, np.ndarray]"


class ArraysIOManager(dg.UPathIOManager):
    """Named arrays as ``.npy`` files, memory-mapped on loading so that processes share one copy."""

    def dump_to_path(self, context: dg.OutputContext, obj: "Mapping[str, np.ndarray]", path: UPath) -> None:
        """Write the arrays into a folder named by their digest, then make it the current one.

        What was current before is removed. What another process may be writing now is not, until it has lain for a day.
        """
        import numpy as np

        current = path / CURRENT
        former = current.read_text() if current.exists() else ""
        version = arrays_version(obj)
        for name, array in obj.items():
            with written_atomically(path / version / f"{name}.npy") as stream:
                np.save(stream, array, allow_pickle=False)
        write_atomically(path / version / _NAMES, json.dumps(sorted(obj)).encode())
        write_atomically(current, version.encode())
        kept = {CURRENT, version, current.read_text()}  # another process may have made another one current by now
        remove_unused(path, kept, former)

    def load_from_path(self, context: dg.InputContext, path: UPath) -> StoredArrays:
        """Map the current arrays, as ``read_arrays`` does."""
        return read_arrays(path)


def read_arrays(path: UPath) -> StoredArrays:
    """Map the current arrays of a folder; those of a remote one are copied to this host when they are first asked for.

    Raises ``IncompleteArrays`` when some of them are missing, as asking for one does that was removed meanwhile.
    """
    version = (path / CURRENT).read_text()
    folder = path / version
    stored = {file.name for file in folder.iterdir()} if folder.exists() else set()
    names = json.loads((folder / _NAMES).read_bytes()) if _NAMES in stored else []
    if not names or not stored.issuperset(f"{name}.npy" for name in names):
        raise _incomplete(folder)
    mapped = LazyMapping(names, lambda name: _map(folder / f"{name}.npy"))
    return StoredArrays(version, dict(mapped) if is_local(folder) else mapped)


def _map(file: UPath) -> "np.ndarray":
    import numpy as np

    try:
        own = Path(file.path) if is_local(file) else local_copy(file)
        return np.load(own, mmap_mode="r", allow_pickle=False)
    except FileNotFoundError as error:
        raise _incomplete(file.parent) from error


def _incomplete(folder: UPath) -> "IncompleteArrays":
    return IncompleteArrays(
        f"the arrays of version {folder.name} in {shown(folder.parent)} are not all there: materialize them again"
    )


class IncompleteArrays(ValueError):
    """Stored arrays of which some are missing; the message says what to do."""


def arrays_version(arrays: "Mapping[str, np.ndarray]") -> str:
    """The same for equal arrays: 16 hexadecimal digits of SHA-256 over names, types and values."""
    digest = sha256()
    for name, array in sorted(arrays.items()):
        digest.update(f"{name} {array.dtype} {array.shape}".encode())
        digest.update(array.reshape(-1).view("uint8").data)  # mapped files are not copied into memory
    return digest.hexdigest()[:16]


class Frames(dg.ConfigurableIOManagerFactory[Any]):
    """The IO manager of frame-valued assets; a downstream asset gets the DataFrame by naming the asset."""

    root: str

    def create_io_manager(self, context: dg.InitResourceContext) -> FrameIOManager:
        """Rooted in the data folder."""
        return FrameIOManager(below_home(self.root))


class Arrays(dg.ConfigurableIOManagerFactory[Any]):
    """The IO manager of ``features``."""

    root: str

    def create_io_manager(self, context: dg.InitResourceContext) -> ArraysIOManager:
        """Rooted in the data folder."""
        return ArraysIOManager(below_home(self.root))
