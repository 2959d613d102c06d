"""What an event, a contract, a session and an error are; imports nothing else of the engine."""
