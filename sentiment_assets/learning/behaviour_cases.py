"""Behavioural test cases of a branch, as people write them. Light to import, so that definitions load quickly."""

from typing import Annotated

from pydantic import Field

from sentiment_assets.settings_base import Settings

Text = Annotated[str, Field(min_length=1)]


class ExpectedLabels(Settings):
    """Short texts whose label nobody doubts."""

    positive: list[Text] = Field(default=[], description="Texts that are positive.")
    negative: list[Text] = Field(default=[], description="Texts that are negative.")


class BehaviourCases(Settings):
    """The cases in a branch's ``behaviour.yaml``, in groups with names of the team's own."""

    minimum_functionality: dict[str, ExpectedLabels] = Field(
        default={}, description="Groups of texts with the label that each must get, such as negation."
    )
    invariance: dict[str, list[Annotated[list[Text], Field(min_length=2)]]] = Field(
        default={},
        description="Groups of variants of one text, such as other names, casing or typos: all must get one label.",
    )


NO_CASES = BehaviourCases()
