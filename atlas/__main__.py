"""`python -m atlas` is the command `atlas`."""

from atlas.cli.commands import main

main()
