"""A journey per module through the real window; what a person types follows from the declaration and the samples."""
