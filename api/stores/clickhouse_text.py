"""Values as ClickHouse reads them: literals in SQL, and the texts of bound parameters."""

from collections.abc import Mapping

_ESCAPES = str.maketrans({"\\": r"\\", "\t": r"\t", "\n": r"\n", "\r": r"\r", "\0": r"\0"})


def quote(text: str) -> str:
    """Return a ClickHouse string literal."""
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def texts(parameters: Mapping[str, object]) -> dict[str, str]:
    """Return parameters as ClickHouse reads them: as its TSV, so that it takes escapes out."""
    return {name: _text(value) for name, value in parameters.items()}


def _text(value: object) -> str:
    match value:
        case None:
            return r"\N"
        case str():
            return value.translate(_ESCAPES)
        case list():
            return "[" + ",".join(quote(item) if isinstance(item, str) else str(item) for item in value) + "]"
    return str(value)
