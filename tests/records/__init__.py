"""What a record is: kinds, codes, checks."""
