"""A screen onto a running recorder, and the recorder's side of it: one unix socket for each data folder.

A provider allows one connection per key, so whoever wants to watch what is being recorded asks the recorder.
Importing the package loads nothing: whether a recorder runs must be known before anything is painted.
"""
