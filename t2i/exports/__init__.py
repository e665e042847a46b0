"""A generator that leaves the house: what paints it elsewhere, without this package.

In comes a run; out goes one HTML page that paints in its visitor's browser, or files that other
programs load. `graph` reads networks of stock layers once, for all formats that spell them anew.
"""
