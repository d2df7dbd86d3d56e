"""What is said of a branch beside its models; light to import, since definitions hold it."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class AboutBranch:
    """What a model card says of a branch that no figure tells."""

    name: str
    label_rule: str
    """A sentence: which labels are positive and which negative."""
    sources: str
    """Where its reviews come from."""
    kept: Sequence[str] = ()
    """The columns that are kept beside each review."""
    owners: Sequence[str] = ()
