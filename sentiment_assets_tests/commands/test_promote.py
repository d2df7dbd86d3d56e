import pytest

from sentiment_assets.commands.promote import CannotPromote, promote
from testing.in_process import BranchInProcess
from testing.models import made_model, register

UNTIL = (
    "A train run may promote another one: to keep this one, turn the sensor acme_retraining and the schedule "
    "acme_retraining_schedule off in Dagster"
)


def test_a_version_whose_files_were_changed_does_not_become_the_champion(acme: BranchInProcess) -> None:
    tracking = acme.tracking
    for model in (made_model(), made_model(good="crisp")):
        tracking.promote("acme", register(tracking, "acme", model))
    source = tracking.client().get_model_version("acme", "1").source
    arrays = f"{source.removeprefix('file://')}/data/model/model.npz"
    with open(arrays, "ab") as file:
        file.write(b"changed")
    with open(f"{source.removeprefix('file://')}/data/model/model.json", "a") as file:
        file.write(" {")
    with pytest.raises(CannotPromote, match="version 1 of acme was registered with the digest"):
        promote("acme", "1")
    assert tracking.champion_version("acme").version == "2"


def test_a_rollback_goes_from_champion_to_champion_before_and_never_back_to_a_bad_one(acme: BranchInProcess) -> None:
    tracking = acme.tracking
    assert register(tracking, "acme", made_model()) == "1"
    tracking.promote("acme", "1")
    with pytest.raises(CannotPromote, match="no champion before version 1 that is known; there is no other version"):
        promote("acme", None)
    for model in (made_model(good="crisp"), made_model(good="lovely"), made_model(good="grand")):
        version = register(tracking, "acme", model)
        if version != "3":  # which lost
            tracking.promote("acme", version)
    assert promote("acme", None) == f"acme: version 2 is the champion, it was 4. {UNTIL}"
    assert promote("acme", None) == f"acme: version 1 is the champion, it was 2. {UNTIL}"
    with pytest.raises(CannotPromote, match="before version 1 that is known; name one of the versions 2, 3, 4"):
        promote("acme", None)


def test_a_version_that_was_promoted_by_hand_is_rolled_back_to_what_it_took_over_from(acme: BranchInProcess) -> None:
    tracking = acme.tracking
    for model in (made_model(), made_model(good="crisp"), made_model(good="lovely")):
        register(tracking, "acme", model)
    with pytest.raises(CannotPromote, match="no champion of it that is known; name one of the versions 1, 2, 3"):
        promote("acme", None)
    assert promote("acme", "2") == "acme: version 2 is the champion, it was none"
    assert promote("acme", "3") == f"acme: version 3 is the champion, it was 2. {UNTIL}"
    assert promote("acme", "3") == "acme: version 3 is the champion already"
    assert promote("acme", None) == f"acme: version 2 is the champion, it was 3. {UNTIL}"
