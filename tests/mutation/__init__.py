"""The mutation check: each cell, limit, facet and comparison of the rules is made wrong once, and something must notice."""
