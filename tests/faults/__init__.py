"""Things that go wrong on purpose, for tests of any room."""
