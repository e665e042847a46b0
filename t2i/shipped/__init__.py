"""Trained generators that come with the package, each a run directory of its own.

In comes a name, out comes the folder that everything which paints from a run takes. `make birds`
trains birds anew, `make ship-demo` the demo's drawn ones.
"""
