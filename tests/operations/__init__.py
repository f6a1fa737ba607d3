"""What a person and the platform can do to the records, over the real data file."""
