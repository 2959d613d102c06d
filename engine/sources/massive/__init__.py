"""Massive's live feed: the websocket, and the REST interface that completes it."""
