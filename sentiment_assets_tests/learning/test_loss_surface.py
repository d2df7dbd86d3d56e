import numpy as np
import pytest

from sentiment_assets.learning import loss_surface as module
from sentiment_assets.learning.candidate import Candidate
from sentiment_assets.learning.challenger import Challenger
from sentiment_assets.learning.features import Features
from sentiment_assets.learning.loss_surface import LossSurface, loss_surface
from sentiment_assets.learning.metrics import hinge_loss


@pytest.fixture(scope="module")
def surface(candidates: dict[str, Candidate], challenger: Challenger, features: Features) -> LossSurface:
    return loss_surface(candidates, challenger.key, features.of().rows["validation"])


def test_the_selected_candidate_lies_on_the_first_axis_where_its_loss_is_its_own(
    surface: LossSurface, candidates: dict[str, Candidate], challenger: Challenger
) -> None:
    selected = candidates[challenger.key]
    end = surface.paths[challenger.key][-1]
    assert end == pytest.approx([np.linalg.norm(selected.svc.coefficients), 0], rel=1e-4, abs=1e-4)
    nearest = surface.losses[np.abs(surface.across).argmin(), np.abs(surface.along - end[0]).argmin()]
    assert nearest == pytest.approx(selected.validation_hinge_loss, abs=0.02)


def test_the_loss_at_the_end_of_another_path_is_that_of_its_weights(
    candidates: dict[str, Candidate], challenger: Challenger, features: Features
) -> None:
    """Two candidates and 0 span the plane, so that it holds the weights of both."""
    key, other = next((key, each) for key, each in candidates.items() if key != challenger.key)
    chosen, validation = candidates[challenger.key], features.of().rows["validation"]
    two = loss_surface({challenger.key: chosen, key: other}, challenger.key, validation)
    x, y = two.paths[key][-1]
    margins = validation.rows @ other.svc.coefficients + chosen.svc.intercept
    row = [np.interp(x, two.along, losses) for losses in two.losses]
    assert np.interp(y, two.across, row) == pytest.approx(hinge_loss(margins, validation.labels), rel=0.02)


def test_every_path_starts_at_zero_and_has_a_point_an_epoch_that_is_kept(
    surface: LossSurface, candidates: dict[str, Candidate]
) -> None:
    for key, candidate in candidates.items():
        assert surface.paths[key][0].tolist() == [0, 0]
        assert len(surface.paths[key]) == candidate.svc.best_epoch + 2


def test_the_window_holds_all_paths(surface: LossSurface) -> None:
    points = np.vstack(list(surface.paths.values()))
    for column, axis in enumerate((surface.along, surface.across)):
        assert axis[0] < points[:, column].min() < points[:, column].max() < axis[-1]
    assert surface.losses.shape == (len(surface.across), len(surface.along))


def test_a_single_candidate_has_a_surface_too(candidates: dict[str, Candidate], features: Features) -> None:
    key, only = next(iter(candidates.items()))
    alone = loss_surface({key: only}, key, features.of().rows["validation"])
    assert np.isfinite(alone.losses).all()


def test_where_all_candidates_are_equal_there_is_one_direction(
    candidates: dict[str, Candidate], features: Features
) -> None:
    key, only = next(iter(candidates.items()))
    same = loss_surface({key: only, "another": only}, key, features.of().rows["validation"])
    assert np.isfinite(same.losses).all()
    assert np.ptp(same.losses, axis=0).max() == 0
    assert same.paths[key].tolist() == same.paths["another"].tolist()


def test_the_columns_that_are_looked_at_at_a_time_do_not_show(
    surface: LossSurface,
    candidates: dict[str, Candidate],
    challenger: Challenger,
    features: Features,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "_COLUMNS_AT_ONCE", 7)
    again = loss_surface(candidates, challenger.key, features.of().rows["validation"])
    assert again.losses == pytest.approx(surface.losses, rel=1e-6)
