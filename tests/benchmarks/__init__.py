"""What the program promises about speed and memory, measured against named baselines in the same run.

`python -m tests.benchmarks [--json FILE] [names…]`, or `packaging/dev.py bench`. Machines differ and are shared, so a
promise is a ratio wherever there is something to compare with; what a person feels is in milliseconds.
"""
