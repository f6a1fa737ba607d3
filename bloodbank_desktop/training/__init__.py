"""The reference platform: a complete server of the platform contract on loopback, for training, demonstration, tests.

It is our own contract and no copy of the city's interface, which is not published; it never holds a real patient.
"""
