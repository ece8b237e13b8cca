"""Attribute values: plain Python on our side, typed JSON on DynamoDB's.

boto3's own converter turns every number into a Decimal and refuses floats; here integers stay
integers, a number with decimals is a Decimal on purpose, and None means "no such attribute".
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.type_defs import AttributeValueTypeDef

    Item: TypeAlias = Mapping[str, AttributeValueTypeDef]

Value: TypeAlias = str | int | bool | Decimal | bytes
Plain: TypeAlias = dict[str, Value]


def encode_value(value: Value) -> AttributeValueTypeDef:
    """Spell one value for the table."""
    match value:
        case bool():
            return {"BOOL": value}
        case int():
            return {"N": str(value)}
        case Decimal():
            return {"N": f"{value:f}"}
        case str():
            return {"S": value}
        case bytes():
            return {"B": value}


def encode(values: Mapping[str, Value | None]) -> dict[str, AttributeValueTypeDef]:
    """Spell an item for the table, without the attributes that are None."""
    return {name: encode_value(value) for name, value in values.items() if value is not None}


def decode(item: Item) -> Plain:
    """Read an item; attributes of types that we never write are left out."""
    plain: Plain = {}
    for name, attribute in item.items():
        value = _decode_value(attribute)
        if value is not None:
            plain[name] = value
    return plain


def _decode_value(attribute: AttributeValueTypeDef) -> Value | None:
    if "S" in attribute:
        return attribute["S"]
    if "N" in attribute:
        number = Decimal(attribute["N"])
        return int(number) if number == number.to_integral_value() else number
    if "BOOL" in attribute:
        return attribute["BOOL"]
    if "B" in attribute:
        return bytes(attribute["B"])
    return None
