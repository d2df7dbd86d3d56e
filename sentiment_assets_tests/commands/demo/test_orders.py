"""The database of the demo's shop, and its source in the branch's YAML."""

from pathlib import Path

import pytest
import yaml

from sentiment_assets.branch.settings import BranchSettings
from sentiment_assets.commands.demo import orders
from sentiment_assets.commands.dev import settings_of_servers
from sentiment_assets.sources.pull import Source, pull
from testing.shop import landed_rows

ROWS = [{"text": text, "label": "good"} for text in ("fine", "dull", "fine")]
DEFS = Path(orders.__file__).parents[2] / "defs/shopping"


@pytest.fixture
def source(home: Path, monkeypatch: pytest.MonkeyPatch) -> Source:
    monkeypatch.delenv(orders.VARIABLE, raising=False)
    monkeypatch.setenv(orders.VARIABLE, orders.address()[orders.VARIABLE])
    written = yaml.safe_load((DEFS / "defs.yaml").read_text())["attributes"]
    [settings] = BranchSettings.model_validate(written).sources
    assert settings.name == orders.SOURCE
    assert settings.schedule is None, "or it would fail again and again where there is no demo"
    return Source(branch="shopping", settings=settings, landing="landing/acme")


def test_orders_are_sold_and_pulled_as_they_are(source: Source) -> None:
    assert orders.pulled("landing/acme") == []
    orders.sell(ROWS)
    found = pull(source)
    assert (found.rows, list(found.files)) == (3, orders.pulled("landing/acme"))
    rows = landed_rows()
    assert [row["text"] for row in rows] == ["fine", "dull", "fine"]
    assert rows[0] == rows[2], "what is there twice is there twice"
    assert pull(source).rows == 0


def test_a_platform_on_the_demos_data_can_pull_again(
    source: Source, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(orders.VARIABLE)
    assert orders.VARIABLE not in settings_of_servers(home)
    monkeypatch.setenv(orders.VARIABLE, orders.address()[orders.VARIABLE])
    orders.sell(ROWS)
    monkeypatch.delenv(orders.VARIABLE)
    assert settings_of_servers(home)[orders.VARIABLE] == f"sqlite:///{home}/orders.db"
