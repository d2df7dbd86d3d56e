import pytest

from sentiment_assets.commands.rollback import CannotRollBack, roll_back
from testing.in_process import BranchInProcess
from testing.models import made_model, register


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
    with pytest.raises(CannotRollBack, match="version 1 of acme was registered with the digest"):
        roll_back("acme", "1")
    assert tracking.champion_version("acme").version == "2"
