"""Alerts: which signals are told beyond the screen, how often, and over what.

`message` words an alert and `gate` bounds how many there are, both pure; `channels` send one, `delivery`
keeps a slow or failing channel from holding anything up, and `alerter` ties them together for one run.
"""
