"""What any feed over a network needs: sockets, frames, waiting, limits."""
