"""How the engine is compiled, and where compiled code is kept from one run to the next."""
