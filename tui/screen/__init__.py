"""The screen: the app, its keys, and everything it paints."""
