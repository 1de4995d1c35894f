"""The mod for SMF as one zip, as its package manager takes it: the same bytes from the same files."""

import sys
from pathlib import Path
from typing import Final
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from api import __version__

MOD: Final = Path(__file__).parent / "mod"
_KINDS: Final = {".php", ".xml", ".txt"}
# The first moment that a zip can name: when a file was checked out is no part of it.
_MOMENT: Final = (1980, 1, 1, 0, 0, 0)


def build(folder: Path) -> Path:
    """Write the zip into a folder, and return where it is."""
    folder.mkdir(parents=True, exist_ok=True)
    made = folder / f"afteraction-smf-{__version__}.zip"
    with ZipFile(made, "w", ZIP_DEFLATED, compresslevel=9) as archive:
        for file in files():
            info = ZipInfo(file.relative_to(MOD).as_posix(), _MOMENT)
            info.create_system, info.external_attr, info.compress_type = 3, 0o644 << 16, ZIP_DEFLATED
            text = file.read_text("utf-8")
            if file.name == "package-info.xml":
                text = text.replace("{version}", __version__)
            archive.writestr(info, text.encode())
    return made


def files() -> list[Path]:
    """Return the mod's files, in the order of their names."""
    return sorted(path for path in MOD.rglob("*") if path.suffix in _KINDS)


if __name__ == "__main__":
    sys.stdout.write(f"{build(Path(sys.argv[1]))}\n")
