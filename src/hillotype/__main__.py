"""Makes `python -m hillotype` the command `hillotype`."""

from hillotype.cli import main

main()
