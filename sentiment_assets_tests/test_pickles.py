"""Nothing is ever unpickled: whoever can write a file into a place that is read can run no code by it."""

import ast
import contextlib
import io
import os
import pickle
import shutil
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import dagster as dg
import mlflow.artifacts
import numpy as np
import pytest
from upath import UPath

import sentiment_assets
from sentiment_assets.assets.raw_reviews import take_in
from sentiment_assets.ingestion.settings import IngestionSettings
from sentiment_assets.learning.candidate import candidate_from_bytes
from sentiment_assets.learning.model import load_model
from sentiment_assets.monitoring.reference import reference_from_bytes
from sentiment_assets.resources.home import below_home
from sentiment_assets.resources.mlflow_settings import default_tracking_uri
from sentiment_assets.resources.storage import Storage, read_arrays, read_frame
from sentiment_assets.resources.versioned_folders import CURRENT
from testing.in_process import BranchInProcess

PACKAGE = Path(str(sentiment_assets.__file__)).parent
MODULES_THAT_UNPICKLE = {"pickle", "cPickle", "_pickle", "cloudpickle", "dill", "shelve", "marshal", "skops"}
CALLS_THAT_RUN_CODE = {"eval", "exec", "read_pickle", "to_pickle"}
OWN_IO_MANAGERS = {"frames", "arrays"}


class Planted:
    """An object that makes a file when it is unpickled."""

    def __init__(self, mark: Path) -> None:
        self._mark = mark

    def __reduce__(self) -> tuple[Callable[[str], None], tuple[str]]:
        return os.mkdir, (str(self._mark),)


@pytest.fixture
def mark(tmp_path: Path) -> Iterator[Path]:
    """The folder that is there as soon as something was unpickled."""
    yield tmp_path / "unpickled"
    assert not (tmp_path / "unpickled").exists()


def array_of_objects(mark: Path) -> np.ndarray:
    return np.array([Planted(mark)], dtype=object)


def as_npy(mark: Path) -> bytes:
    out = io.BytesIO()
    np.save(out, array_of_objects(mark), allow_pickle=True)
    return out.getvalue()


def as_npz(mark: Path, names: list[str]) -> bytes:
    out = io.BytesIO()
    np.savez(out, **dict.fromkeys(names, array_of_objects(mark)))
    return out.getvalue()


def test_the_planted_pickles_would_be_seen(tmp_path: Path) -> None:
    pickle.loads(pickle.dumps(Planted(tmp_path / "a")))  # noqa: S301
    np.load(io.BytesIO(as_npy(tmp_path / "b")), allow_pickle=True)
    assert {each.name for each in tmp_path.iterdir()} == {"a", "b"}


@pytest.mark.parametrize(
    "name", ["r.csv", "r.txt", "r.json", "r.parquet", "r.arrow", "r.xlsx", "r.csv.gz", "r.zip", "r.pkl", "r.npy"]
)
def test_a_pickle_in_the_landing_place_is_bytes_like_any_others(name: str, home: Path, mark: Path) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("r.csv", pickle.dumps(Planted(mark)))
    for content in (pickle.dumps(Planted(mark)), as_npy(mark), packed.getvalue()):
        landed = below_home("landing/acme") / name
        landed.parent.mkdir(parents=True, exist_ok=True)
        landed.write_bytes(content)
        with contextlib.suppress(dg.Failure):
            take_in(
                "acme",
                name,
                landing="landing/acme",
                settings=IngestionSettings(),
                storage=Storage(root="data"),
                log=dg.get_dagster_logger(),
            )


def test_a_pickle_among_features_candidates_references_and_frames_is_refused(tmp_path: Path, mark: Path) -> None:
    version = tmp_path / "features" / "v1"
    version.mkdir(parents=True)
    (version.parent / CURRENT).write_text("v1")
    (version / "names.json").write_text('["columns"]')
    (version / "columns.npy").write_bytes(as_npy(mark))
    with pytest.raises(ValueError, match="Python objects in dtype"):
        read_arrays(UPath(version.parent))
    for read in (candidate_from_bytes, reference_from_bytes):
        with pytest.raises(ValueError, match="allow_pickle=False"):
            read(as_npz(mark, ["facts"]))
        with pytest.raises(ValueError, match="contains pickled"):
            read(pickle.dumps(Planted(mark)))
    (tmp_path / "frame.parquet").write_bytes(pickle.dumps(Planted(mark)))
    with pytest.raises(ValueError, match="Parquet"):
        read_frame(UPath(tmp_path / "frame.parquet"))


def test_a_pickle_in_the_folder_of_a_registered_model_is_not_read(
    trained: BranchInProcess, tmp_path: Path, mark: Path
) -> None:
    source = trained.tracking.client().get_model_version_by_alias("acme", "champion").source
    folder = Path(mlflow.artifacts.download_artifacts(source, tracking_uri=default_tracking_uri()))
    copy = Path(shutil.copytree(folder, tmp_path / "model"))
    for name in ("python_model.pkl", "model.pkl", "data/model/model.pkl"):
        (copy / name).write_bytes(pickle.dumps(Planted(mark)))
    load_model(copy / "data" / "model")
    (copy / "data" / "model" / "model.npz").write_bytes(as_npz(mark, ["coefficients"]))
    with pytest.raises((ValueError, KeyError)):
        load_model(copy / "data" / "model")


@pytest.mark.slow
def test_no_value_goes_through_dagsters_own_storage_which_pickles(trained: BranchInProcess) -> None:
    """The default IO manager pickles what it is handed, and unpickles what it finds: it is handed nothing."""
    runs = [trained.take_in("b.csv", b"text,label\nfine,1\nbad,0\n"), trained.train(), trained.report()]
    events = [event for run in runs for event in run.all_events]
    kinds = (dg.DagsterEventType.HANDLED_OUTPUT, dg.DagsterEventType.LOADED_INPUT)
    handed_on = [event.event_specific_data for event in events if event.event_type in kinds]
    assert {each.manager_key for each in handed_on} == OWN_IO_MANAGERS


def test_no_code_of_ours_unpickles_or_runs_what_it_reads() -> None:
    found = [f"{file.relative_to(PACKAGE)}: {each}" for file in PACKAGE.rglob("*.py") for each in faults_of(file)]
    assert found == []


@pytest.mark.parametrize(
    "line", ["import pickle", "from dill import loads", "eval(x)", "np.load(x)", "np.load(x, allow_pickle=True)"]
)
def test_a_line_that_unpickles_would_be_found(line: str, tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text(line)
    assert list(faults_of(tmp_path / "a.py"))


def faults_of(file: Path) -> Iterator[str]:
    """What in a file could unpickle or run what is read."""
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import | ast.ImportFrom):
            names = [node.module or ""] if isinstance(node, ast.ImportFrom) else [each.name for each in node.names]
            yield from (name for name in names if name.partition(".")[0] in MODULES_THAT_UNPICKLE)
        if isinstance(node, ast.Call) and (fault := _fault_of_call(node)):
            yield fault


def _fault_of_call(call: ast.Call) -> str:
    said = ast.unparse(call.func)
    owner, _, name = said.rpartition(".")
    given = {each.arg: ast.unparse(each.value) for each in call.keywords}
    if (name in CALLS_THAT_RUN_CODE and owner in ("", "pd", "pandas")) or given.get("allow_pickle") == "True":
        return said
    if said in ("np.load", "numpy.load") and given.get("allow_pickle") != "False":
        return said
    return said if said in ("yaml.load", "yaml.unsafe_load", "joblib.load", "mlflow.pyfunc.load_model") else ""
