"""A PostgreSQL server of a test's own, by the programs that Debian's package brings."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from testing.servers import free_port

PASSWORD = "made up: by/a@test"  # noqa: S105  every character that a URL must spell otherwise


def programs() -> str | None:
    """The folder of the server's programs, or ``None`` if they are not on this machine."""
    found = shutil.which("initdb")
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    return str(Path(found).parent) if found else str(folders[-1]) if folders else None


@contextmanager
def postgres() -> Iterator[str]:
    """The SQLAlchemy URL of an empty database, while the block lasts. The server refuses to be root's."""
    folder, place = str(programs()), Path(tempfile.mkdtemp(prefix="sentiment-postgres-"))
    word, data, port = place / "password", place / "data", free_port()
    word.write_text(PASSWORD)
    account: Sequence[str] = ()
    if os.geteuid() == 0:
        account = ("runuser", "-u", "postgres", "--")
        shutil.chown(place, "postgres")
        shutil.chown(word, "postgres")
    _run(*account, f"{folder}/initdb", "-D", data, "-U", "shop", "-A", "md5", f"--pwfile={word}")
    options = f"-c listen_addresses=127.0.0.1 -c port={port} -c unix_socket_directories= -c fsync=off"
    _run(*account, f"{folder}/pg_ctl", "-D", data, "-l", place / "log", "-o", options, "-w", "start")
    try:
        yield f"postgresql://shop:made%20up%3A%20by%2Fa%40test@127.0.0.1:{port}/postgres"
    finally:
        _run(*account, f"{folder}/pg_ctl", "-D", data, "-m", "immediate", "stop")
        shutil.rmtree(place)


def _run(*command: object) -> None:
    subprocess.run([str(each) for each in command], check=True, stdout=subprocess.DEVNULL, cwd="/")
