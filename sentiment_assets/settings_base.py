"""The base of every settings model: frozen, and an unknown key is answered with the known ones; and secrets."""

import re
from typing import Any

from pydantic import BaseModel, Field, GetCoreSchemaHandler, GetJsonSchemaHandler, model_validator
from pydantic_core import CoreSchema, core_schema


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


class _OneAsAList:
    """Reads one value as a list of one, and says so in the schema by which ``dg check`` looks at a YAML file."""

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_before_validator_function(
            lambda given: [given] if isinstance(given, str) else given, handler(source)
        )

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        several = handler(schema)
        return {"anyOf": [several["items"], several]}


ONE_AS_A_LIST = _OneAsAList()
"""Beside a list of strings in ``Annotated``: one string may stand for a list of it."""
_NO_NAME = "-"
"""Stands for what is no name of a variable: it may be the secret itself, and pydantic would quote it."""
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


class FromEnvironment(Settings):
    """A secret, by the name of the environment variable that holds it; the secret itself never stands in YAML."""

    env: str = Field(min_length=1, description="Name of the environment variable that holds it.")

    @model_validator(mode="before")
    @classmethod
    def _never_quoted(cls, given: Any) -> Any:
        said = given if isinstance(given, dict) else {"env": given}
        is_name = "env" not in said or (isinstance(said["env"], str) and _NAME.fullmatch(said["env"]))
        return said if is_name else {**said, "env": _NO_NAME}

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        """Anything: ``dg check`` quotes what does not fit a schema, be it a secret; ``require_name`` looks at it."""
        return {"description": (cls.__doc__ or "").strip()}

    def require_name(self, field: str) -> None:
        """Raise ``ValueError`` that names the field, unless the YAML names a variable; and quote nothing."""
        if self.env == _NO_NAME:
            raise ValueError(
                f"`{field}` holds a secret, or what is no name of a variable: put the secret into the environment, and "
                "write {env: NAME} there"
            )
