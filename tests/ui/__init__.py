"""The window, tested with real widgets on a virtual screen."""
