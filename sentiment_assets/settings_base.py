"""The base of every settings model: frozen, and an unknown key is answered with the known ones."""

from typing import Any

from pydantic import BaseModel, model_validator


class Settings(BaseModel, frozen=True, extra="forbid"):
    """Part of a branch's YAML. Its field descriptions are the YAML's documentation."""

    @model_validator(mode="before")
    @classmethod
    def _known_keys_only(cls, given: Any) -> Any:
        known = [field.alias or name for name, field in cls.model_fields.items()]
        unknown = sorted(set(given) - set(known)) if isinstance(given, dict) else []
        if unknown:
            raise ValueError(f"unknown: {', '.join(map(str, unknown))}; allowed: {', '.join(known)}")
        return given
