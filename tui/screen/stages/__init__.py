"""What can take the place of the ladder: heat map, smile, flow lines, rankings."""
