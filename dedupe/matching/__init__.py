"""Which photos look alike, from the nearest pairs to sets, and how sure that is.

Each room builds on those before it: near, pairs, sets, then folders and calibration; search and
explain ask all of them.
"""
