"""Settings as the YAML that a person pastes: only what differs from the defaults."""

from collections.abc import Mapping, Sequence
from textwrap import indent

import yaml

COMPONENT = "sentiment_assets.SentimentBranch"
_WIDTH = 96


def as_yaml(
    attributes: Mapping[str, object], questions: Sequence[str] = (), remarks: Mapping[str, str] | None = None
) -> str:
    """The text of a ``defs.yaml``; ``questions`` stand at its end as lines of remark, for a person to answer.

    A remark stands above the setting of its name.
    """
    lines = "".join(f"{line}\n" for line in as_lines(attributes, remarks or {}))
    lines += "".join(f"# {question}\n" for question in questions)
    return f"type: {COMPONENT}\n\nattributes:\n{indent(lines, '  ')}"


def as_lines(attributes: Mapping[str, object], remarks: Mapping[str, str]) -> list[str]:
    """The lines of some settings, to be pasted below ``attributes``; a remark stands above the setting of its name."""
    lines = []
    for name, value in attributes.items():
        lines += [f"# {remarks[name]}"] if remarks.get(name) else []
        lines += _lines(name, value).splitlines()
    return lines


def _lines(name: str, value: object) -> str:
    """One setting: a group on one line if nothing in it is a list."""
    flow = None if isinstance(value, Mapping | list) else False
    text: str = yaml.safe_dump(
        {name: value}, sort_keys=False, allow_unicode=True, default_flow_style=flow, width=_WIDTH
    )
    return text
