"""`python -m api.achievements [PATH]`: the achievements as Markdown, printed or written to PATH."""

import sys
from pathlib import Path

from api.achievements.page import render_markdown


def main(arguments: list[str]) -> None:
    """Print the page, or write it to the path given."""
    page = render_markdown()
    if arguments:
        Path(arguments[0]).write_text(page, encoding="utf-8")
    else:
        sys.stdout.write(page)


if __name__ == "__main__":
    main(sys.argv[1:])
