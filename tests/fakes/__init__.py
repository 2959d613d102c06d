"""Providers on loopback, as faithful as we know how."""
