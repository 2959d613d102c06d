"""Recordings under way: `journal/DATE/SYMBOL-HHMMSS.arrows`, from the first event to the day file.

A journal is an Arrow IPC stream, zstd, one record batch for each append. Its schema says what is recorded;
each batch carries its source, when it was received, the contracts first used from here on, and a check sum
over everything in the file up to its end. Contracts travel in the same stream as the events, so a file that
is cut anywhere holds whole batches that name only contracts it holds as well. One process writes one file,
so nothing is ever appended to a file that broke off.
"""
