"""``python -m shiftwork``: the command line."""

from shiftwork.cli.main import main

main()
