"""A person's whole task, in the real program and a real window, with everything behind it real."""
