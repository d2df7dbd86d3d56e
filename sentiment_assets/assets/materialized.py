"""The event of one partition of an asset that a run over many partitions materializes one by one."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import dagster as dg

_CODE_VERSION, DATA_VERSION = "dagster/code_version", "dagster/data_version"
_INPUT_VERSION = "dagster/input_data_version"


@dataclass(frozen=True)
class Materialized:
    """What a partition holds, now that it is stored."""

    data_version: str
    """The same for equal content."""
    metadata: Mapping[str, Any]
    made_from: Mapping[dg.AssetKey, str]
    """The data version of each asset that it was made from."""


def event_of(spec: dg.AssetSpec, partition: str, materialized: Materialized) -> dg.AssetMaterialization:
    """The event with the versions that Dagster adds to the events of its own, by which it knows what is out of date."""
    versions = {f"{_INPUT_VERSION}/{key.to_user_string()}": of for key, of in materialized.made_from.items()}
    tags = {_CODE_VERSION: str(spec.code_version), DATA_VERSION: materialized.data_version, **versions}
    return dg.AssetMaterialization(spec.key, partition=partition, metadata=materialized.metadata, tags=tags)
