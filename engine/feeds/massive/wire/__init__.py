"""Massive's protocol as machines without socket or clock: frames and pages in, events and commands out."""
