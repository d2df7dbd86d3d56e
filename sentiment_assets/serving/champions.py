"""The champions of all branches as the registry names them, looked at again and again while they serve."""

import logging
import threading
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from sentiment_assets.branch.files import branch_files
from sentiment_assets.resources.mlflow_settings import require_mlflow
from sentiment_assets.resources.registry import Registered, registered_champions, version_of
from sentiment_assets.resources.urls import without_secrets
from sentiment_assets.serving.champion import Champion, champion_from

SECONDS_BETWEEN_LOOKS = 3.0
_WARM_UP = "A first text takes longer."
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Served:
    """All that is served at a moment; it is replaced as a whole."""

    champions: Mapping[str, Champion | None]
    """The champion of each branch; ``None`` while there is none."""
    faults: Mapping[str, str]
    """Why a branch is not served by the champion that the registry names."""
    looked_at: datetime | None = None
    """When the registry was last seen."""
    registry_fault: str = ""
    """Why it could not be looked at since."""


class Champions:
    """Loads a new champion beside the one that serves, then changes them at once; keeps all it has without MLflow."""

    def __init__(self, uri: str) -> None:
        """``uri`` is MLflow's address. Nothing is looked at before ``look``."""
        self._uri = uri
        self._stopped, self._looked = threading.Event(), threading.Event()
        self.served = Served(dict.fromkeys(branch_files()), {})

    def look(self) -> None:
        """Look at the registry once, and load what is new."""
        before = self.served
        try:
            require_mlflow(self._uri)
            registered = registered_champions(self._uri)
        except Exception as error:  # noqa: BLE001  every database has errors of its own, and it goes on serving
            fault = self._first_line(error)
            if fault != before.registry_fault:
                _log.error("The registry cannot be looked at; what is loaded goes on serving. %s", fault)
            self.served = replace(before, registry_fault=fault)
            return
        champions: dict[str, Champion | None] = {}
        faults: dict[str, str] = {}
        for branch in sorted({*branch_files(), *registered, *before.champions}):
            known = before.champions.get(branch)
            try:
                champions[branch] = self._loaded(branch, registered.get(branch), known)
            except Exception as error:  # noqa: BLE001  whatever ails one branch, the others are served
                champions[branch], faults[branch] = known, self._first_line(error)
                if faults[branch] != before.faults.get(branch):
                    _log.error("The champion of %s cannot be loaded: %s", branch, faults[branch])
        self.served = Served(champions, faults, datetime.now(UTC))

    def watch(self) -> None:
        """Look again and again in a thread of its own, until ``stop``."""
        threading.Thread(target=self._watch, name="champions", daemon=True).start()

    def has_looked(self, seconds: float) -> bool:
        """Wait until the first look of ``watch`` is over, for so long at most; returns whether it is."""
        return self._looked.wait(seconds)

    def stop(self) -> None:
        """Look no more."""
        self._stopped.set()

    def _watch(self) -> None:
        while not self._stopped.is_set():
            self.look()
            self._looked.set()
            self._stopped.wait(SECONDS_BETWEEN_LOOKS)

    def _loaded(self, branch: str, registered: Registered | None, known: Champion | None) -> Champion | None:
        if registered is None:
            return None
        if known and (known.version, known.digest) == registered:
            return known
        champion = champion_from(branch, version_of(branch, registered.version, self._uri))
        champion.score([_WARM_UP])
        _log.info("%s: version %s serves", branch, champion.version)
        return champion

    def _first_line(self, error: Exception) -> str:
        """What an error says, without the password of MLflow's address."""
        return without_secrets((str(error) or type(error).__name__).splitlines()[0], self._uri)
