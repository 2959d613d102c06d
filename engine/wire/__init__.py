"""One sans-IO protocol machine per provider: frames in, events and commands out. No socket, no clock."""
