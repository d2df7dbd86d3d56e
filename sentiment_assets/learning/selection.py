"""Which candidate becomes the challenger."""

from collections.abc import Mapping


def select_candidate(validation_losses: Mapping[str, float]) -> str:
    """The key with the smallest validation loss; of equals, the first in the mapping's order.

    Raises ``ValueError`` when there is no candidate.
    """
    if not validation_losses:
        raise ValueError("there is no candidate to choose from")
    return min(validation_losses, key=lambda key: validation_losses[key])
