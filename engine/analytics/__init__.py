"""Numbers in, numbers out: greeks, smiles, forwards, exposures and levels, without state or tape."""
