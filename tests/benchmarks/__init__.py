"""What gausslab must reach, measured: `python -m tests.benchmarks [names...]`.

Ratios come from one run in which the contestants take turns, since machines are noisy and shared. Nothing here is a
test: no time is ever asserted.
"""
