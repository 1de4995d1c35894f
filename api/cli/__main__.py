"""`python -m api.cli` is `afteraction`."""

from api.cli import main

main()
