"""Massive's past days over REST: fetched once, ticker by ticker."""
