"""The event of one partition of an asset that a run over many partitions materializes one by one."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import dagster as dg

_CODE_VERSION, DATA_VERSION = "dagster/code_version", "dagster/data_version"
_INPUT_VERSION, _INPUT_EVENT = "dagster/input_data_version", "dagster/input_event_pointer"


@dataclass(frozen=True)
class Materialized:
    """What a partition holds, now that it is stored."""

    data_version: str
    """The same for equal content."""
    metadata: Mapping[str, Any]
    made_from: Mapping[dg.AssetKey, str]
    """The data version of each asset that it was made from."""
    upstream: Mapping[dg.AssetKey, str] = field(default_factory=dict)
    """The same of assets without partitions: of these Dagster compares the version alone."""


def event_of(spec: dg.AssetSpec, partition: str, materialized: Materialized) -> dg.AssetMaterialization:
    """The event with the versions that Dagster adds to the events of its own, by which it knows what is out of date."""
    made_from = {**materialized.made_from, **materialized.upstream}
    versions = {f"{_INPUT_VERSION}/{key.to_user_string()}": of for key, of in made_from.items()}
    versions |= {f"{_INPUT_EVENT}/{key.to_user_string()}": "NULL" for key in materialized.upstream}
    tags = {_CODE_VERSION: str(spec.code_version), DATA_VERSION: materialized.data_version, **versions}
    return dg.AssetMaterialization(spec.key, partition=partition, metadata=materialized.metadata, tags=tags)
