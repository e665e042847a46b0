"""What every run is told: typed, frozen, checked, with units and sources.

In comes YAML; out comes a configuration, or an InputError that names the nearest right key. What
only one model is told lies in that model's own folder.
"""
