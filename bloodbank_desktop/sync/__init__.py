"""The network lane: what was saved here travels to the platform by itself, and what the platform says comes back."""
