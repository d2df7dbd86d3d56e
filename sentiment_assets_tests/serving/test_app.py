"""The scoring service, asked as its clients ask it."""

import asyncio
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
import schemathesis
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sentiment_assets import load_champion
from sentiment_assets.resources import registry
from sentiment_assets.resources.mlflow_settings import tracking_uri
from sentiment_assets.resources.registry import make_champion
from sentiment_assets.serving.answers import Answers
from sentiment_assets.serving.app import scoring_app
from sentiment_assets.serving.champion import Champion
from sentiment_assets.serving.champions import Champions
from testing.in_process import BranchInProcess
from testing.models import made_model, register
from testing.servers import free_port

URL = "/v1/acme/score"
OTHER_PATHS = ["/v1/branches", "/metrics", "/healthz", "/readyz"]


@pytest.fixture
def champions(trained: BranchInProcess) -> Champions:
    return Champions(tracking_uri())


@pytest.fixture
def client(champions: Champions) -> Iterator[TestClient]:
    with TestClient(scoring_app(champions)) as client:
        yield client


def test_there_is_one_answer_for_each_text_in_order(client: TestClient) -> None:
    answer = client.post(URL, json={"texts": ["dull", "", "superb", "<br>", "superb\0"]}).json()
    assert (answer["branch"], answer["model_version"]) == ("acme", "1")
    expected = load_champion("acme").score(["dull", "superb"])
    dull, blank, superb, markup, damaged = answer["scores"]
    assert [dull["score"], superb["score"]] == expected["score"].tolist()
    assert [dull["label"], superb["label"]] == [0, 1]
    assert [dull["confidence"], superb["confidence"]] == expected["confidence"].tolist()
    nothing = {"score": None, "label": None, "confidence": None, "words": None}
    assert blank == {**nothing, "reason": "there is no text"}
    assert markup["reason"].startswith("the text holds markup only")
    assert damaged["reason"].startswith("it holds a NUL character")


def test_words_are_told_to_who_asks_for_them(client: TestClient) -> None:
    texts = {"texts": ["superb", "", "superb and dull"]}
    plain = client.post(URL, json=texts).json()["scores"]
    explained = client.post(f"{URL}?explain=true", json=texts).json()["scores"]
    assert [each["words"] for each in plain] == [None] * 3
    assert [{**each, "words": None} for each in explained] == plain
    words = load_champion("acme").explain("superb and dull")
    assert explained[2]["words"] == words.head(5).to_dict("records")


@pytest.mark.parametrize(
    ("body", "field", "said"),
    [
        ("", "body", "Invalid JSON"),
        ("{", "body", "Invalid JSON"),
        ('{"texts": "superb"}', "texts", "valid array"),
        ('{"texts": []}', "texts", "at least 1"),
        ('{"texts": ["superb", 3]}', "texts[1]", "valid string"),
        ('{"texts": ["superb", null]}', "texts[1]", "valid string"),
        ('{"texts": ["\\ud800"]}', "body", "hex escape"),
        ('{"text": ["superb"]}', "texts", "required"),
        ('{"texts": ["superb"], "query": 1}', "query", "not permitted"),
        (f'{{"texts": ["{"x" * 100_001}"]}}', "texts[0]", "at most 100000"),
        ("[" * 100_000, "body", "recursion limit"),
    ],
)
def test_what_cannot_be_answered_names_the_field_and_repeats_no_text(
    client: TestClient, body: str, field: str, said: str
) -> None:
    refused = client.post(URL, content=body)
    assert refused.status_code == 422
    assert refused.json()["detail"][0]["field"] == field
    assert said in refused.json()["detail"][0]["message"]
    assert "superb" not in refused.text


def test_a_query_that_cannot_be_read_is_named(client: TestClient) -> None:
    refused = client.post(f"{URL}?explain=perhaps", json={"texts": ["superb"]})
    assert refused.status_code == 422
    assert refused.json()["detail"][0]["field"] == "explain"


@pytest.mark.parametrize("texts", [["x"] * 1_001, ["x" * 99_000] * 102])
def test_too_much_at_once_is_refused(client: TestClient, texts: list[str]) -> None:
    refused = client.post(URL, json={"texts": texts})
    assert refused.status_code == 413
    assert "several" in refused.json()["detail"]


def test_an_unknown_branch_is_not_found_and_counts_as_no_name(client: TestClient) -> None:
    refused = client.post("/v1/stranger/score", json={"texts": ["superb"]})
    assert refused.status_code == 404
    assert refused.json()["detail"] == "there is no branch 'stranger'; there are: acme, movies, shopping"
    figures = client.get("/metrics").text
    assert "stranger" not in figures
    assert 'scoring_requests_total{branch="unknown",status="404"} 1.0' in figures


def test_without_a_champion_there_is_what_to_do(client: TestClient) -> None:
    refused = client.post("/v1/movies/score", json={"texts": ["superb"]})
    assert refused.status_code == 503
    assert "run the job movies_train" in refused.json()["detail"]
    states = {each["branch"]: each for each in client.get("/v1/branches").json()}
    assert states["acme"] == {"branch": "acme", "model_version": "1", "detail": ""}
    assert states["movies"]["model_version"] is None
    assert "run the job movies_train" in states["movies"]["detail"]


def test_a_promotion_and_a_rollback_are_served_by_the_next_look(
    trained: BranchInProcess, champions: Champions, client: TestClient
) -> None:
    def version() -> str:
        return str(client.post(URL, json={"texts": ["superb"]}).json()["model_version"])

    register(trained.tracking, "acme", made_model())
    make_champion("acme", "2", tracking_uri())
    champions.look()
    assert version() == "2"
    make_champion("acme", "1", tracking_uri())
    champions.look()
    assert version() == "1"
    trained.tracking.client().delete_registered_model_alias("acme", "champion")
    champions.look()
    assert client.post(URL, json={"texts": ["superb"]}).status_code == 503


def test_each_branch_is_answered_by_its_own_champion(trained: BranchInProcess, champions: Champions) -> None:
    register(trained.tracking, "movies", made_model())
    register(trained.tracking, "movies", made_model(good="dull", bad="superb"))
    make_champion("movies", "2", tracking_uri())
    with TestClient(scoring_app(champions)) as client:
        answers = {
            name: client.post(f"/v1/{name}/score", json={"texts": ["dull"]}).json() for name in ("acme", "movies")
        }
    assert {name: answer["model_version"] for name, answer in answers.items()} == {"acme": "1", "movies": "2"}
    assert {name: answer["scores"][0]["label"] for name, answer in answers.items()} == {"acme": 0, "movies": 1}


def test_an_answer_is_by_one_version_whatever_is_promoted_meanwhile(
    trained: BranchInProcess, champions: Champions, monkeypatch: pytest.MonkeyPatch
) -> None:
    register(trained.tracking, "acme", made_model(good="dull", bad="superb"))
    champions.look()
    read = Champion.read

    def promoted_while_it_reads(champion: Champion, texts: Sequence[str | None]) -> object:
        monkeypatch.setattr(Champion, "read", read)
        make_champion("acme", "2", tracking_uri())
        champions.look()
        return read(champion, texts)

    monkeypatch.setattr(Champion, "read", promoted_while_it_reads)
    answer = asyncio.run(Answers(champions).to("acme", ["dull"] * 3, explain=False))
    assert answer[0] == "1"
    assert [each["label"] for each in answer[1]] == [0, 0, 0]


def test_a_champion_is_loaded_once_and_anew_when_its_version_holds_something_else(
    trained: BranchInProcess, champions: Champions
) -> None:
    champions.look()
    before = champions.served.champions["acme"]
    champions.look()
    assert champions.served.champions["acme"] is before
    trained.tracking.client().delete_registered_model("acme")
    register(trained.tracking, "acme", made_model())
    make_champion("acme", "1", tracking_uri())
    champions.look()
    after = champions.served.champions["acme"]
    assert (before and before.version, after and after.version) == ("1", "1")
    assert after is not before


def test_a_registry_with_more_models_than_it_tells_of_at_once_is_seen_whole(
    trained: BranchInProcess, champions: Champions, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(registry, "_MODELS_AT_ONCE", 2)
    for number in range(3):
        trained.tracking.client().create_registered_model(f"a{number}_of_others")
    champions.look()
    assert champions.served.champions["acme"] is not None


def test_the_password_of_mlflows_address_is_told_to_nobody(home: Path, caplog: pytest.LogCaptureFixture) -> None:
    with TestClient(scoring_app(Champions("postgres://shop:Xylophone@127.0.0.1/mlflow"))) as client:
        said = client.get("/readyz")
    assert said.status_code == 503
    assert said.json()["registry"].startswith("never seen: ")
    assert "Xylophone" not in said.text + caplog.text


def test_a_champion_with_changed_files_is_not_served_and_the_former_serves_on(
    trained: BranchInProcess, champions: Champions, client: TestClient
) -> None:
    register(trained.tracking, "acme", made_model())
    make_champion("acme", "2", tracking_uri())
    source = Path(trained.tracking.client().get_model_version("acme", "2").source.removeprefix("file://"))
    (source / "data/model/model.json").write_text("{}")
    champions.look()
    assert client.post(URL, json={"texts": ["superb"]}).json()["model_version"] == "1"
    [state] = [each for each in client.get("/readyz").json()["branches"] if each["branch"] == "acme"]
    assert state["model_version"] == "1"
    assert "they were changed since" in state["detail"]


def test_before_the_registry_was_seen_the_service_is_alive_and_not_ready(home: Path) -> None:
    with TestClient(scoring_app(Champions(f"http://127.0.0.1:{free_port()}"))) as client:
        assert client.get("/healthz").status_code == 200
        not_ready = client.get("/readyz")
        assert not_ready.status_code == 503
        assert not_ready.json()["registry"].startswith("never seen: MLflow at http://127.0.0.1")


def test_with_a_token_only_who_knows_it_is_answered(champions: Champions) -> None:
    with TestClient(scoring_app(champions, token="open sesame é")) as client:  # noqa: S106
        for path in ("/v1/branches", "/metrics"):
            assert client.get(path).status_code == 401
            assert client.get(path, headers={"Authorization": "Bearer open"}).status_code == 401
            assert client.get(path, headers={"Authorization": "Bearer open sesame é".encode()}).status_code == 200
        refused = client.post(URL, json={"texts": ["superb"]})
        assert refused.status_code == 401
        assert refused.headers["WWW-Authenticate"] == "Bearer"
        assert client.get("/healthz").status_code == client.get("/readyz").status_code == 200
        assert client.get("/readyz").json() == {"ready": True, "registry": "reachable", "branches": []}


def test_its_description_is_a_page_that_takes_nothing_from_other_hosts(client: TestClient) -> None:
    page = client.get("/docs").text
    places = re.findall(r'(?:src|href)="([^"]+)"', page)
    assert any(place.endswith(".js") for place in places)
    for place in places:
        assert place.startswith("/")
        assert client.get(place).status_code == 200


def test_figures_tell_of_requests_texts_and_versions(client: TestClient) -> None:
    client.post(URL, json={"texts": ["superb", "dull"]})
    client.post(URL, content="{")
    figures = client.get("/metrics").text
    for line in (
        'scoring_requests_total{branch="acme",status="200"} 1.0',
        'scoring_requests_total{branch="acme",status="422"} 1.0',
        'scoring_texts_total{branch="acme"} 2.0',
        'scoring_request_seconds_count{branch="acme"} 2.0',
        'scoring_champion{branch="acme",model_version="1"} 1.0',
        "scoring_registry_reachable 1.0",
    ):
        assert line in figures.splitlines()


@pytest.mark.parametrize("token", ["", "sesame"])
def test_no_question_makes_the_service_fail_or_answer_otherwise_than_it_describes(
    champions: Champions, token: str
) -> None:
    champions.look()
    schema = schemathesis.openapi.from_asgi("/openapi.json", scoring_app(champions, token))
    operations = [each.ok() for each in schema.get_all_operations()]
    assert {each.path for each in operations} == {URL.replace("acme", "{branch}"), *OTHER_PATHS}

    @settings(max_examples=150, suppress_health_check=list(HealthCheck))
    @given(st.one_of(*(each.as_strategy() for each in operations)))
    def answered(case: schemathesis.Case) -> None:
        case.call_and_validate(headers={"Authorization": f"Bearer {token}"} if token else None)

    answered()
