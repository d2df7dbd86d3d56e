"""dlt, told nothing but what a source says: no telemetry, no files of configuration, no folder in anybody's home.

A resource is read without a pipeline of dlt's: its state is handed to it and taken back, and lies where the pull log
does.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from sentiment_assets.sources.columns import CLASHES, KeptRows, as_json_holds, page_of

if TYPE_CHECKING:
    import pyarrow as pa
    from dlt.sources import DltResource

ROWS_AT_ONCE = 5_000
"""Rows of a page."""


def read_all(resource: "DltResource", state: str, pages: KeptRows) -> str:
    """Read what is new since ``state`` into ``pages``; returns the state after it.

    Raises what the resource does, and ``TypeError`` for what is no row.
    """
    from dlt.common.json import json

    known: dict[str, Any] = json.typed_loads(state) if state else {}
    rows: list[dict[str, Any]] = []
    with _state_of(known):
        for item in resource.add_map(_told_apart):  # before dlt looks at cursors
            if isinstance(item, dict):
                rows.append(item)
                if len(rows) == ROWS_AT_ONCE:
                    pages.add(page_of(rows))
                    rows.clear()
            else:
                pages.add(_table(item))
    pages.add(page_of(rows))
    return json.typed_dumps(known)


def _told_apart(item: object) -> object:
    """A row that dlt can write as JSON, by which it tells rows with the same cursor apart; tables are left alone."""
    from dlt.common.json import json

    if not isinstance(item, dict):
        return item
    try:
        json.dumps(item)
    except (TypeError, ValueError):
        return as_json_holds(item)
    return item


def has_read_on(before: str, after: str) -> bool:
    """Whether a source is to be read on from another place than before."""
    from dlt.common.json import json

    places = [_place(json.typed_loads(each)) if each else {} for each in (before, after)]
    return places[0] != places[1]


def _place(state: object) -> object:
    """A state without what says nothing: what is empty, where dlt began last time, the order of its hashes."""
    if not isinstance(state, dict):
        return state
    state = {name: sorted(value) if name == "unique_hashes" else value for name, value in state.items()}
    place = {name: _place(value) for name, value in state.items() if name != "start_value"}
    return {name: value for name, value in place.items() if value not in (None, {}, [])}


def cursor_of(state: str) -> str:
    """The last value of the cursor in a state, as people are shown it; empty if there is none."""
    from dlt.common.json import json

    found = _values_of("last_value", json.typed_loads(state) if state else {})
    return ", ".join(str(each) for each in found if each is not None)


def _values_of(name: str, within: object) -> list[object]:
    if not isinstance(within, dict):
        return []
    nested = [value for each in within.values() for value in _values_of(name, each)]
    return [within[name], *nested] if name in within else nested


def _table(item: object) -> "pa.Table":
    import pandas as pd
    import pyarrow as pa

    if isinstance(item, pa.RecordBatch):
        return pa.Table.from_batches([item])
    if isinstance(item, pd.DataFrame):
        try:
            return pa.Table.from_pandas(item, preserve_index=False)
        except (*CLASHES, UnicodeEncodeError):  # values of several kinds in a column
            rows: Any = item.astype(object).where(item.notna(), None).rename(columns=str).to_dict("records")
            return page_of(rows)
    if isinstance(item, pa.Table):
        return item
    raise TypeError(f"a resource yields dictionaries, Arrow tables or data frames, and this is a {type(item).__name__}")


@contextmanager
def quiet_dlt() -> Iterator[None]:
    """See that no file of the working directory or of anybody's home tells dlt anything while the block lasts."""
    os.environ.setdefault("RUNTIME__DLTHUB_TELEMETRY", "false")
    from dlt.common.configuration.container import Container
    from dlt.common.configuration.providers import EnvironProvider
    from dlt.common.configuration.specs.pluggable_run_context import PluggableRunContext

    context = Container()[PluggableRunContext]
    before = context.providers.providers
    context.providers.providers = [EnvironProvider()]
    try:
        yield
    finally:
        context.providers.providers = before


@contextmanager
def _state_of(known: dict[str, Any]) -> Iterator[None]:
    """Hand the state to dlt, without a pipeline: it keeps states by the pipeline that ran last in this process."""
    from dlt.common.configuration.container import Container
    from dlt.common.configuration.specs.config_section_context import ConfigSectionContext
    from dlt.common.pipeline import PipelineContext, StateInjectableContext

    container, state = Container(), StateInjectableContext(state=known)  # type: ignore[arg-type]
    sections = ConfigSectionContext()
    with (
        container.injectable_context(PipelineContext()),
        container.injectable_context(sections),
        container.injectable_context(state),
    ):
        try:
            yield
        finally:  # who interrupts dlt finds contexts of its own left in the place of these
            container[ConfigSectionContext], container[StateInjectableContext] = sections, state
