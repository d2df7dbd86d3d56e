from pathlib import Path

import pytest

from sentiment_assets.assets import versions
from sentiment_assets.assets.trained_candidates import mapping_key
from sentiment_assets.assets.versions import code_version
from sentiment_assets.learning.hyperparameters import Hyperparameters
from sentiment_assets.learning.settings import SplitSettings


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.syspath_prepend(str(tmp_path))
    return tmp_path / "some_module.py"


def version_of(module: Path, source: str) -> str:
    module.write_text(source)
    versions._module_digest.cache_clear()
    return code_version(["some_module"])


def test_comments_and_docstrings_do_not_count_and_code_does(module: Path) -> None:
    before = version_of(module, "def f():\n    return 1\n")
    assert version_of(module, '"""Says more."""\n\n\ndef f():  # why\n    """And more."""\n    return 1\n') == before
    assert version_of(module, "def f():\n    return 2\n") != before


def test_settings_count() -> None:
    assert code_version([], SplitSettings()) == code_version([], SplitSettings())
    assert code_version([], SplitSettings()) != code_version([], SplitSettings(train=70, validation=20))


def test_a_module_without_source_is_an_error() -> None:
    with pytest.raises(ModuleNotFoundError, match="nosuch_module"):
        code_version(["nosuch_module"])


def test_mapping_keys_of_different_candidates_differ() -> None:
    candidates = [
        Hyperparameters(epochs=epochs, eta0=eta0, l2=l2)
        for epochs in (1, 11)
        for eta0 in (1e-05, 1e05, 0.1, 1, 1.1, 10)
        for l2 in (0, 1e-06, 1e-16)
    ]
    assert len({mapping_key(each.key) for each in candidates}) == len(candidates)
