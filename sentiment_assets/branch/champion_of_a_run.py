"""Who scores the batches of a run: the champion or, until there is one, the first sister."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from sentiment_assets.assets.raw_reviews import NAME as RAW_REVIEWS
from sentiment_assets.assets.sisters import registered_sister
from sentiment_assets.learning.settings import SisterName, branch_and_version, version_of_sister
from sentiment_assets.resources.mlflow_settings import require_mlflow
from sentiment_assets.resources.registry import LoadedChampion, NoSuchVersion
from sentiment_assets.resources.storage import Storage, read_frame, stored_partitions
from sentiment_assets.resources.tracking import Tracking

if TYPE_CHECKING:
    from sentiment_assets.learning.sister import LabelledMargins


@dataclass(kw_only=True)
class ChampionOfARun:
    """The champion, loaded once for as long as it is the one, or the sister that stands in for it."""

    branch: str
    tracking: Tracking
    storage: Storage
    batch_keys: Sequence[str]
    """All batches of the branch: a sister's scores are recalibrated on those of their reviews that have a label."""
    sisters: Sequence[SisterName] = ()
    version: str | None = None
    """The registered version that somebody has named; it scores whatever the champion is."""
    known: LoadedChampion | None = None
    mlflow_was_away: bool = False
    _sister: LoadedChampion | None = None
    _labelled: "dict[str, LabelledMargins]" = field(default_factory=dict)

    def find(self) -> LoadedChampion | None:
        """The champion of now, or the version that was named.

        Once MLflow was away, no batch waits for it any longer than a sensor does. Raises ``NoSuchVersion``.
        """
        if self.version is not None:
            self.known = self.known or self.tracking.registered(self.branch, self.version)
            return self.known
        if self.mlflow_was_away:
            require_mlflow(self.tracking.uri())
        try:
            self.known = self.tracking.champion(self.branch, self.known)
            found = self.known or self._stand_in()
        except Exception:
            self.mlflow_was_away = True
            raise
        self.mlflow_was_away = False
        return found

    def _stand_in(self) -> LoadedChampion | None:
        """The first sister, recalibrated on what labels there are; ``None`` while she has no champion herself."""
        from sentiment_assets.learning.sister import recalibrated

        if not self.sisters:
            return None
        name = self.sisters[0]
        try:
            sister = self._sister = self._sister or registered_sister(name, self.tracking)
        except NoSuchVersion:
            return None
        labelled = self._labelled_margins(sister)
        model, labels = recalibrated(sister.model, labelled)
        return replace(
            sister,
            version=version_of_sister(branch_and_version(name)[0], sister.version),
            digest=f"{sister.digest}-{labels}" if labels else sister.digest,
            model=model,
            recalibrated_on=labels,
            labels_seen=sum(each.n_labelled for each in labelled),
        )

    def _labelled_margins(self, sister: LoadedChampion) -> "list[LabelledMargins]":
        """The sister's margins of the labelled reviews of each batch, which is read once."""
        from sentiment_assets.learning.sister import labelled_margins

        new = [key for key in self.batch_keys if key not in self._labelled]
        for key in stored_partitions(self.storage, self.branch, RAW_REVIEWS, new):
            frame = read_frame(self.storage.frame_path(self.branch, RAW_REVIEWS, key))
            self._labelled[key] = labelled_margins(sister.model, frame)
        return list(self._labelled.values())
