"""The safety rules: pure functions, asked here one by one and through the catalogue."""
