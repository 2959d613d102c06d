"""The signal log: what it holds, what it lets through, how a line reads."""
