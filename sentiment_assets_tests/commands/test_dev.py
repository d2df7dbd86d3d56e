from pathlib import Path

import pytest

from sentiment_assets.commands.dev import (
    Ports,
    addresses_of_uis,
    commands_of_servers,
    moved_links,
    settings_of_servers,
)
from sentiment_assets.definitions import resources
from sentiment_assets.resources.ui_addresses import remember_ui_addresses


def test_code_locations_of_the_users_own_are_told_where_the_data_lie(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a setting too: `docs/examples/complaints.py` reads SENTIMENT_HOME."""
    monkeypatch.delenv("SENTIMENT_HOME")
    told = settings_of_servers(Path("/d"))
    assert told["SENTIMENT_HOME"] == str(Path(__file__).parents[2] / ".sentiment")
    assert told["DAGSTER_HOME"] == "/d"


def test_links_lead_to_where_the_uis_were_opened_last(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The demo and other commands write links too, and run in no server's environment."""
    assert resources()["tracking"].mlflow_ui == "http://127.0.0.1:5000"
    remember_ui_addresses({"DAGSTER_UI_URL": "http://127.0.0.1:3001", "MLFLOW_UI_URL": "http://127.0.0.1:5001"})
    assert resources()["tracking"].mlflow_ui == "http://127.0.0.1:5001"
    assert resources()["notifications"].dagster_ui == "http://127.0.0.1:3001"
    monkeypatch.setenv("MLFLOW_UI_URL", "https://mlflow.example")
    assert resources()["tracking"].mlflow_ui == "https://mlflow.example", "the environment's word comes first"


def test_links_that_lead_elsewhere_are_told_where_there_may_be_any(home: Path) -> None:
    """The demo writes links before anything was opened."""
    addresses = addresses_of_uis(Ports(dagster=3001, mlflow=5000, reports=8001), "sqlite:///mlflow.db")
    assert moved_links(addresses) == []
    (home / "data").mkdir(parents=True)
    [told] = moved_links(addresses)
    assert "lead to http://127.0.0.1:3000; those written from now on to http://127.0.0.1:3001." in told
    remember_ui_addresses(addresses)
    assert moved_links(addresses) == []


def test_no_mlflow_is_started_where_a_server_is_named_and_links_lead_to_that(monkeypatch: pytest.MonkeyPatch) -> None:
    """MLflow refuses the address of another server as its database, and all servers would end with it."""
    ports, server = Ports(dagster=1, mlflow=2, reports=3), "https://mlflow.example"
    assert list(commands_of_servers(ports, "sqlite:///mlflow.db")) == ["dagster", "mlflow", "reports"]
    assert list(commands_of_servers(ports, server)) == ["dagster", "reports"]
    monkeypatch.delenv("MLFLOW_UI_URL", raising=False)
    assert addresses_of_uis(ports, "sqlite:///mlflow.db")["MLFLOW_UI_URL"] == "http://127.0.0.1:2"
    assert addresses_of_uis(ports, server)["MLFLOW_UI_URL"] == server
    monkeypatch.setenv("MLFLOW_UI_URL", "https://people.example")
    assert addresses_of_uis(ports, server)["MLFLOW_UI_URL"] == "https://people.example"
