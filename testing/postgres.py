"""A PostgreSQL server of a test's own, from the programs that are installed on this machine."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from testing.servers import free_port

USER, PASSWORD = "sentiment", "made up: by/a@Xylophone"


@dataclass(frozen=True)
class PostgresServer:
    """A server on loopback, which takes connections with a password."""

    port: int
    data: Path

    def url(self, database: str = "postgres") -> str:
        """The address of a database."""
        return f"postgresql://{USER}:{quote(PASSWORD, safe='')}@127.0.0.1:{self.port}/{database}"


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
    account: list[str] = []
    if os.geteuid() == 0:
        account = ["runuser", "-u", "postgres", "--"]
        for each in (place, word):
            shutil.chown(each, "postgres")
    data, port = place / "data", free_port()
    options = f"-c listen_addresses=127.0.0.1 -c port={port} -c unix_socket_directories= -c fsync=off"
    _run(*account, folder / "initdb", "-D", data, "-U", USER, "-A", "md5", f"--pwfile={word}", "-E", "UTF8")
    _run(*account, folder / "pg_ctl", "-D", data, "-l", place / "log", "-o", options, "-w", "start")
    try:
        yield PostgresServer(port, data)
    finally:
        _run(*account, folder / "pg_ctl", "-D", data, "-m", "immediate", "stop")
        shutil.rmtree(place)


def _run(*command: object) -> None:
    subprocess.run([str(part) for part in command], check=True, capture_output=True, cwd="/")
