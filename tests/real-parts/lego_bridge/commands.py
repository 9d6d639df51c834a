"""Passes each line of JSON to lego's bridge and prints the line of JSON that it answers, until the input ends."""

import sys

from lego_bridge import cmd

for line in sys.stdin:
    print(cmd(line), flush=True)
