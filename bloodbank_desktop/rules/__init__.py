"""Safety rules: pure functions with an id, a level, a message and a source; they know records and facts only."""
