"""The composition of one run: the plan, the sources, the monitor."""
