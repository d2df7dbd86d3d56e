"""A PostgreSQL server of a test's own, from the programs that are installed on this machine."""

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from urllib.parse import quote

import psycopg2

from testing.servers import free_port

_BETWEEN_LOOKS = 0.01
_PUBLISHES = "SELECT EXISTS (SELECT FROM information_schema.schemata WHERE schema_name LIKE '%\\_staging')"
USER, PASSWORD = "sentiment", "made up: by/a@Xylophone"


@dataclass(frozen=True)
class PostgresServer:
    """A server on loopback, which takes connections with a password."""

    port: int
    data: Path

    def url(self, database: str = "postgres") -> str:
        """The address of a database."""
        return f"postgresql://{USER}:{quote(PASSWORD, safe='')}@127.0.0.1:{self.port}/{database}"

    def start(self) -> None:
        """Start it, and wait until it answers."""
        options = f"-c listen_addresses=127.0.0.1 -c port={self.port} -c unix_socket_directories= -c fsync=off"
        self._control("-l", self.data.parent / "log", "-o", options, "start")

    def stop(self, mode: Literal["fast", "immediate"]) -> None:
        """Stop it: ``fast`` ends all connections, ``immediate`` is a crash."""
        self._control("-m", mode, "stop")

    def restart_once_published_to(self, mode: Literal["fast", "immediate"], seconds: float) -> None:
        """Wait until something is published to it, stop it in the middle of that, and start it again later."""
        with closing(psycopg2.connect(self.url())) as watching, watching.cursor() as asked:
            watching.autocommit = True
            found = False
            while not found:
                time.sleep(_BETWEEN_LOOKS)
                asked.execute(_PUBLISHES)
                [(found,)] = asked.fetchall()
        self.stop(mode)
        time.sleep(seconds)
        self.start()

    def _control(self, *arguments: object) -> None:
        folder = programs()
        assert folder
        _run(*_account(), folder / "pg_ctl", "-D", self.data, "-w", *arguments)


def programs() -> Path | None:
    """The folder with the programs of the server; Debian has it beside what is on the path. ``None``: not installed."""
    on_path = shutil.which("initdb")
    if on_path:
        return Path(on_path).resolve().parent
    return next(iter(sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)), None)


@contextmanager
def postgres_server() -> Iterator[PostgresServer]:
    """A running server, which is gone with its data when the block ends; it refuses to be root's."""
    folder = programs()
    assert folder, "PostgreSQL's programs are not installed"
    place = Path(tempfile.mkdtemp(prefix="sentiment-postgres-"))
    word = place / "password"
    word.write_text(PASSWORD)
    if _account():
        for each in (place, word):
            shutil.chown(each, "postgres")
    server = PostgresServer(free_port(), place / "data")
    _run(*_account(), folder / "initdb", "-D", server.data, "-U", USER, "-A", "md5", f"--pwfile={word}", "-E", "UTF8")
    server.start()
    try:
        yield server
    finally:
        server.stop("immediate")
        shutil.rmtree(place)


def _account() -> tuple[str, ...]:
    """What a command begins with that must not be root's."""
    return ("runuser", "-u", "postgres", "--") if os.geteuid() == 0 else ()


def _run(*command: object) -> None:
    subprocess.run([str(part) for part in command], check=True, capture_output=True, cwd="/")
