"""The strikes: calls and puts on the rows of a ladder, beside the gamma profile."""
