"""What a page is asked for: a query's fields, or a form's, read into a struct."""

from collections.abc import Mapping
from typing import Annotated, Any, TypeVar

import msgspec

from api.errors import Unprocessable

T = TypeVar("T")

# What a page may be asked to look for.
Text = Annotated[str, msgspec.Meta(pattern=r"^[^\x00]*$", max_length=200)]


def read(sent: Mapping[str, Any], kind: type[T]) -> T:
    """Read a form's fields, or a query's; those left empty are not there. Raises Unprocessable."""
    values = {
        field: value.strip()
        for field, value in sent.items()
        if field != "csrf" and isinstance(value, str) and value.strip()
    }
    try:
        return msgspec.convert(values, kind, strict=False)
    except msgspec.ValidationError as error:
        raise Unprocessable(str(error).replace("`$.", "`").replace("`$`", "the form")) from error
