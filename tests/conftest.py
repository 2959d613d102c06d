"""What holds for all tests."""

from hypothesis import settings

settings.register_profile("spymon", deadline=None)  # a first example compiles, and machines are busy
settings.load_profile("spymon")
