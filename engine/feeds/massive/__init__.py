"""Massive, formerly Polygon.io: its websocket, its REST interface, and the sources made of both."""
