"""What keys do: an action is found by its name, in the home that the part before its dot names."""
