"""The login before the pages: real nginx with the settings that are deployed, before the real servers."""

import base64
import http.client
import json
import os
import shutil
import ssl
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest

from sentiment_assets_tests.deployment.compose import PROJECT
from testing.servers import free_port
from testing.uis import Uis, platform_with_uis

pytestmark = [
    pytest.mark.slow,
    pytest.mark.xdist_group("login"),
    pytest.mark.skipif(not shutil.which("nginx"), reason="nginx is not there: apt-get install nginx-light"),
]

PASSWORD = "four words are long"  # noqa: S105
PEOPLE = ("ana", "an")


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    headers: Mapping[str, str]
    body: str


@dataclass(frozen=True)
class Login:
    """Where the three are behind the login, by the port that they have in containers."""

    ports: Mapping[str, int]
    certificate: Path

    def ask(self, which: str, path: str, *, name: str = "ana", body: object = None, **headers: str) -> Answer:
        """GET, or POST a body as JSON, as a browser that knows ``name`` and the password; none without a name."""
        known = {"Authorization": f"Basic {_encoded(name)}"} if name else {}
        asked = {
            "Content-Type": "application/json",
            **known,
            **{key.replace("_", "-"): headers[key] for key in headers},
        }
        with closing(self._connection(which)) as connection:
            connection.request("POST" if body else "GET", path, json.dumps(body) if body else None, asked)
            with connection.getresponse() as answer:
                upgraded = answer.status == http.client.SWITCHING_PROTOCOLS
                said = "" if upgraded else answer.read().decode(errors="replace")
                return Answer(answer.status, dict(answer.headers), said)

    def origin(self, which: str) -> str:
        """What a browser says that a page of this address is of."""
        return f"https://localhost:{self.ports[which]}"

    def _connection(self, which: str) -> http.client.HTTPSConnection:
        trusting = ssl.create_default_context(cafile=str(self.certificate))
        return http.client.HTTPSConnection("localhost", self.ports[which], context=trusting, timeout=60)


def _encoded(name: str) -> str:
    return base64.b64encode(f"{name}:{PASSWORD}".encode()).decode()


@pytest.fixture(scope="module")
def uis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Uis]:
    with platform_with_uis("testing.one_branch", tmp_path_factory.mktemp("login"), lambda _: None) as opened:
        yield opened


@pytest.fixture(scope="module")
def login(uis: Uis, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Login]:
    folder = tmp_path_factory.mktemp("nginx")
    for name in PEOPLE:
        add(name, folder)
    behind = {
        "3443": ("webserver:3000", uis.dagster),
        "5443": ("mlflow:5000", uis.mlflow),
        "8443": ("reports:8001", uis.reports),
    }
    ports = {each: free_port() for each in behind}
    settings = (PROJECT / "deployment" / "login" / "nginx.conf").read_text()
    settings = settings.replace(" /tmp/", f" {folder}/").replace(" /login/", f" {folder}/")
    settings = settings.replace("set $known_as mlflow:5000", "set $known_as localhost")
    for port, (host, address) in behind.items():
        settings = settings.replace(f"listen {port} ssl", f"listen 127.0.0.1:{ports[port]} ssl")
        settings = settings.replace(f"http://{host}", address)
    (folder / "nginx.conf").write_text(settings.replace("/dev/stdout", f"{folder}/access.log"))
    as_this_account = ["-g", "user root;"] if os.geteuid() == 0 else []
    nginx = [shutil.which("nginx") or "", "-c", f"{folder}/nginx.conf", "-e", f"{folder}/error.log", *as_this_account]
    subprocess.run(nginx, check=True)
    try:
        yield Login({"dagster": ports["3443"], "mlflow": ports["5443"], "reports": ports["8443"]}, folder / "tls.crt")
    finally:
        subprocess.run([*nginx, "-s", "quit"], check=True)


def add(name: str, folder: Path, password: str = PASSWORD) -> subprocess.CompletedProcess[str]:
    command = ["bash", str(PROJECT / "deployment" / "login" / "add.sh"), name]
    environment = {"LOGIN_FOLDER": str(folder), "PATH": "/usr/bin:/bin"}
    return subprocess.run(command, input=f"{password}\n", env=environment, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    ("which", "path", "shows"),
    [
        ("dagster", "/server_info", "dagster_webserver_version"),
        ("mlflow", "/", "MLflow"),
        ("reports", "/reports/", "<main"),
    ],
)
def test_a_page_is_for_those_who_know_the_password(login: Login, which: str, path: str, shows: str) -> None:
    refused = login.ask(which, path, name="")
    assert refused.status == 401
    assert shows not in refused.body
    assert login.ask(which, path, name="bob").status == 401
    assert login.ask(which, path, Authorization="Basic " + base64.b64encode(b"ana:guessed").decode()).status == 401
    for name in PEOPLE:
        page = login.ask(which, path, name=name)
        assert page.status == 200
        assert shows in page.body
        assert page.headers["Strict-Transport-Security"]


def test_a_page_of_another_site_can_do_nothing_in_the_name_of_who_is_logged_in(login: Login) -> None:
    query = {"query": "{ version }"}
    assert login.ask("dagster", "/graphql", body=query, Origin="https://elsewhere.example").status == 403
    assert login.ask("dagster", "/graphql", body=query, Origin=f"{login.origin('dagster')}.example").status == 403
    assert login.ask("dagster", "/graphql", body=query, Origin=login.origin("mlflow")).status == 403
    assert "version" in login.ask("dagster", "/graphql", body=query, Origin=login.origin("dagster")).body
    search, path = {"max_results": 5}, "/ajax-api/2.0/mlflow/experiments/search"
    assert login.ask("mlflow", path, body=search, Origin="https://elsewhere.example").status == 403
    assert "experiments" in login.ask("mlflow", path, body=search, Origin=login.origin("mlflow")).body


def test_what_happens_comes_to_dagsters_ui_as_it_happens(login: Login) -> None:
    upgrade = {
        "Connection": "Upgrade",
        "Upgrade": "websocket",
        "Sec_WebSocket_Version": "13",
        "Sec_WebSocket_Key": base64.b64encode(b"0123456789abcdef").decode(),
        "Sec_WebSocket_Protocol": "graphql-ws",
    }
    assert login.ask("dagster", "/graphql", Origin=login.origin("dagster"), **upgrade).status == 101
    assert login.ask("dagster", "/graphql", name="", **upgrade).status == 401
    assert login.ask("dagster", "/graphql", Origin="https://elsewhere.example", **upgrade).status == 403


def test_without_tls_nobody_is_let_in(login: Login) -> None:
    with closing(http.client.HTTPConnection("localhost", login.ports["reports"], timeout=60)) as connection:
        connection.request("GET", "/reports/", headers={"Authorization": f"Basic {_encoded('ana')}"})
        with connection.getresponse() as answer:
            assert answer.status == 400


def test_a_password_is_kept_as_its_hash_and_replaces_the_one_before(tmp_path: Path) -> None:
    for name, password in (("ana", PASSWORD), ("an", PASSWORD), ("ana", "another one, longer")):
        assert add(name, tmp_path, password).returncode == 0
    lines = (tmp_path / "passwords").read_text().splitlines()
    assert [line.partition(":$6$")[0] for line in lines] == ["an", "ana"]
    assert PASSWORD not in "".join(lines)
    assert {oct(each.stat().st_mode & 0o777) for each in tmp_path.iterdir()} == {"0o600"}
    refused = add("bob", tmp_path, "short")
    assert refused.returncode == 1
    assert "at least twelve characters; nothing was changed" in refused.stderr
    assert (tmp_path / "passwords").read_text().splitlines() == lines
