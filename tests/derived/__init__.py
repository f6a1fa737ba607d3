"""Tests that hold for every declaration, this one and the next: each is run for all modules and all their fields."""
