"""The data file: what was saved is there, what was not is not, and what cannot be promised is refused."""
