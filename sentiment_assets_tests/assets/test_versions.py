import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import grimp
import pytest

from sentiment_assets.assets import versions
from sentiment_assets.assets.trained_candidates import mapping_key
from sentiment_assets.assets.versions import NOT_FOLLOWED, code_version, modules_run_by
from sentiment_assets.learning.hyperparameters import Hyperparameters
from sentiment_assets.learning.settings import SplitSettings

PACKAGE = Path(versions.__file__).parents[1]
ASSETS = (
    "raw_reviews",
    "splits",
    "features",
    "trained_candidates",
    "best_model",
    "suspicious_labels",
    "scored_reviews",
    "sentiment_report",
)


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.syspath_prepend(str(tmp_path))
    return tmp_path / "some_module.py"


def version_of(module: Path, source: str) -> str:
    module.write_text(source)
    versions._read.cache_clear()
    return code_version("some_module")


def test_comments_and_docstrings_do_not_count_and_code_does(module: Path) -> None:
    before = version_of(module, "def f():\n    return 1\n")
    assert version_of(module, '"""Says more."""\n\n\ndef f():  # why\n    """And more."""\n    return 1\n') == before
    assert version_of(module, "def f():\n    return 2\n") != before


def test_settings_count(module: Path) -> None:
    module.write_text("")
    assert code_version("some_module", SplitSettings()) == code_version("some_module", SplitSettings())
    assert code_version("some_module", SplitSettings()) != code_version("some_module", SplitSettings(train=70, test=20))


def test_a_module_without_source_is_an_error() -> None:
    with pytest.raises(ModuleNotFoundError, match="nosuch_module"):
        code_version("nosuch_module")


@pytest.fixture(scope="module")
def graph() -> grimp.ImportGraph:
    return grimp.build_graph("sentiment_assets", exclude_type_checking_imports=True)


@pytest.mark.parametrize("asset", ASSETS)
def test_the_modules_are_those_that_another_reader_of_imports_finds(asset: str, graph: grimp.ImportGraph) -> None:
    """But for what is reached through resources, and through another asset's module of which a name is wanted."""
    start = f"sentiment_assets.assets.{asset}"
    found, waiting = {start}, [start]
    while waiting:
        direct = graph.find_modules_directly_imported_by(waiting.pop())
        new = {each for each in direct if not any(f"{each}.".startswith(f"{name}.") for name in NOT_FOLLOWED)} - found
        found |= new
        waiting += new
    ours = modules_run_by(start)
    assert ours <= found
    through_names = set().union(
        *(graph.find_upstream_modules(each) | {each} for each in found - ours if ".assets." in each), set()
    )
    assert found - ours <= through_names


def versions_in(folder: Path) -> dict[str, str]:
    """The code version of every asset, by the package's code in a folder."""
    code = (
        "import json;from sentiment_assets.assets.versions import code_version;"
        f"print(json.dumps({{n: code_version('sentiment_assets.assets.' + n) for n in {ASSETS}}}))"
    )
    environment = os.environ | {"PYTHONPATH": str(folder), "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run([sys.executable, "-c", code], cwd=folder, env=environment, capture_output=True, check=True)
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def versions_now() -> dict[str, str]:
    return versions_in(PACKAGE.parent)


@pytest.mark.process
@pytest.mark.parametrize(
    ("file", "code", "instead", "changed"),
    [
        (
            "learning/calibration.py",
            "curve.slope * margins + curve.log_odds",
            "curve.slope * margins - curve.log_odds",
            set(ASSETS) - {"raw_reviews", "splits"},
        ),
        ("reporting/client_report.html.j2", "<h1>", "<h2>", {"sentiment_report"}),
        ("presentation/style.html.j2", "1080px", "970px", {"sentiment_report"}),
        ("monitoring/accuracy.py", "_LEVEL = 0.95", "_LEVEL = 0.9", {"sentiment_report"}),
        ("learning/vectorizer.py", 'if each else ""', 'if each else "?"', set(ASSETS) - {"raw_reviews", "splits"}),
        ("learning/paired_comparison.py", "_MOST_SIGNS = 2_000", "_MOST_SIGNS = 1_000", {"best_model"}),
        ("ingestion/readers/delimited.py", "_LARGEST_FIELD = 4", "_LARGEST_FIELD = 5", {"raw_reviews"}),
        ("text_identity.py", "casefold()", "lower()", set(ASSETS) - {"scored_reviews"}),
        ("resources/storage.py", '"zstd"', '"gzip"', set()),
    ],
)
def test_changed_code_changes_the_versions_of_the_assets_that_run_it(
    tmp_path: Path, versions_now: dict[str, str], file: str, code: str, instead: str, changed: set[str]
) -> None:
    shutil.copytree(PACKAGE, tmp_path / "sentiment_assets", ignore=shutil.ignore_patterns("__pycache__"))
    mutated = tmp_path / "sentiment_assets" / file
    assert code in mutated.read_text()
    mutated.write_text(mutated.read_text().replace(code, instead))
    after = versions_in(tmp_path)
    assert {name for name in ASSETS if after[name] != versions_now[name]} == changed


def test_mapping_keys_of_different_candidates_differ() -> None:
    candidates = [
        Hyperparameters(epochs=epochs, eta0=eta0, l2=l2)
        for epochs in (1, 11)
        for eta0 in (1e-05, 1e05, 0.1, 1, 1.1, 10)
        for l2 in (0, 1e-06, 1e-16)
    ]
    assert len({mapping_key(each.key) for each in candidates}) == len(candidates)
