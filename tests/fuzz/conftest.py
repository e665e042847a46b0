"""How many damaged files each reader meets: 50 and always the same, or 500 new ones."""

from hypothesis import settings

settings.register_profile("test", max_examples=50, deadline=None, derandomize=True, database=None)
settings.register_profile("fuzz", max_examples=500, deadline=None, print_blob=True)
settings.load_profile("test")
