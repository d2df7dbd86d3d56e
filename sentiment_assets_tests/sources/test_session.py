"""dlt does what a source says, and leaves nothing behind."""

import gc
import os
import subprocess
import sys
from pathlib import Path

import dlt
import pytest
from dlt.common.configuration.container import Container
from dlt.common.pipeline import StateInjectableContext

from sentiment_assets.sources.pull import pull
from testing.shop import Shop, landed_ids, source_of

SURPRISE = """
[sources]
initial_value = 2
cursor.initial_value = 2
"""
SETTINGS = {"connection": {"env": "SHOP_DB"}, "table": "reviews", "cursor": "id"}


def test_files_of_the_working_directory_do_not_surprise_it(
    tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SHOP_DB", f"sqlite:///{tmp_path}/shop.db")
    Shop(os.environ["SHOP_DB"]).sells([1, 2, 3])
    (tmp_path / ".dlt").mkdir()
    (tmp_path / ".dlt/config.toml").write_text(SURPRISE)
    monkeypatch.chdir(tmp_path)
    pull(source_of(sql=SETTINGS))
    assert landed_ids() == [1, 2, 3]


ALONE = """
from testing.shop import Shop, landed_ids, source_of
from sentiment_assets.sources.pull import pull
import os, sys
def listed():  # where dlt has its folders, if it is root's or nobody's
    return [(folder, files) for top in ("/var/dlt", "/tmp/dlt") for folder, _, files in os.walk(top)]
before = listed()
Shop(os.environ["SHOP_DB"]).sells([1])
pull(source_of(sql={settings}))
assert landed_ids() == [1]
assert not [name for name in sys.modules if name.split(".")[0] in ("dagster", "mlflow")]
assert listed() == before
from dlt.common.runtime import anon_tracker
assert anon_tracker._ANON_TRACKER_ENDPOINT is None
"""


@pytest.mark.process
def test_nothing_is_left_outside_of_the_home_and_no_telemetry_is_sent(tmp_path: Path) -> None:
    empty = tmp_path / "nobody"
    empty.mkdir()
    settings = {"SENTIMENT_HOME": str(tmp_path / "home"), "SHOP_DB": f"sqlite:///{tmp_path}/shop.db"}
    root = Path(__file__).parents[2]
    environment = os.environ | settings | {"HOME": str(empty), "TMPDIR": str(empty), "PYTHONPATH": str(root)}
    subprocess.run([sys.executable, "-c", ALONE.format(settings=SETTINGS)], check=True, cwd=empty, env=environment)
    assert list(empty.rglob("*")) == []
    assert sorted(each.name for each in (tmp_path / "home").iterdir()) == ["landing", "pulled"]


def test_a_pipeline_that_ran_before_in_the_same_process_hides_no_state(
    tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Or all rows would land again once a run has published and another process pulls."""
    monkeypatch.setenv("SHOP_DB", f"sqlite:///{tmp_path}/shop.db")
    Shop(os.environ["SHOP_DB"]).sells([1, 2, 3])
    source = source_of(sql=SETTINGS)
    another = dlt.pipeline(
        "another", destination=dlt.destinations.duckdb(str(tmp_path / "w")), pipelines_dir=str(tmp_path)
    )
    try:
        pull(source)
    finally:
        another.deactivate()
    assert pull(source).rows == 0
    assert landed_ids() == [1, 2, 3]


INTERRUPTED = """
import dlt


@dlt.resource
def rows(cursor=dlt.sources.incremental("id")):
    yield {"id": 1, "text": "fine"}
    raise KeyboardInterrupt("a run is terminated")
"""


# dlt's own contexts, which it leaves behind, complain when they are collected.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_who_terminates_a_run_is_not_taken_for_a_vendor_that_is_down(tmp_path: Path, home: Path) -> None:
    (tmp_path / "sources.py").write_text(INTERRUPTED)
    with pytest.raises(KeyboardInterrupt, match="a run is terminated"):
        pull(source_of("shop", tmp_path, python="sources.py:rows"))
    gc.collect()
    assert StateInjectableContext not in Container(), "or what uses dlt next would take the state for its own"
