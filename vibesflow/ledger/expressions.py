"""Building expressions that use aliases alone.

Dozens of DynamoDB's reserved words are attributes of ours (`size`, `status`, `duration`, `owner`),
and not every local engine refuses them bare. So no attribute name stands in any expression.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from vibesflow.ledger.attributes import Value, encode_value

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.type_defs import AttributeValueTypeDef


class Expression:
    """Collects the names and values of one request while its expressions are spelled."""

    def __init__(self) -> None:
        self.names: dict[str, str] = {}
        self.values: dict[str, AttributeValueTypeDef] = {}

    def name(self, attribute: str) -> str:
        """Return the alias of an attribute."""
        alias = f"#{attribute}"
        self.names[alias] = attribute
        return alias

    def value(self, value: Value) -> str:
        """Return the placeholder of a value."""
        placeholder = f":v{len(self.values)}"
        self.values[placeholder] = encode_value(value)
        return placeholder

    def equals(self, values: Mapping[str, Value]) -> str:
        """Spell the condition that every attribute has the given value."""
        return " AND ".join(f"{self.name(n)} = {self.value(v)}" for n, v in values.items())

    def exists(self, attribute: str) -> str:
        """Spell the condition that an attribute is there."""
        return f"attribute_exists({self.name(attribute)})"

    def missing(self, attribute: str) -> str:
        """Spell the condition that an attribute is not there."""
        return f"attribute_not_exists({self.name(attribute)})"

    def assign(
        self,
        values: Mapping[str, Value | None],
        *,
        once: Mapping[str, Value] | None = None,
        add: Mapping[str, int] | None = None,
    ) -> str:
        """Spell an update.

        Args:
            values: attributes to set; those that are None are removed.
            once: attributes to set only where they are not there yet.
            add: numbers to add, from 0 where there is none.
        """
        sets = [f"{self.name(n)} = {self.value(v)}" for n, v in values.items() if v is not None]
        for name, value in (once or {}).items():
            alias = self.name(name)
            sets.append(f"{alias} = if_not_exists({alias}, {self.value(value)})")
        removes = [self.name(name) for name, value in values.items() if value is None]
        adds = [f"{self.name(name)} {self.value(value)}" for name, value in (add or {}).items()]
        clauses = (("SET", sets), ("REMOVE", removes), ("ADD", adds))
        return " ".join(f"{word} {', '.join(parts)}" for word, parts in clauses if parts)
