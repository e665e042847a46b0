"""The run directory: its names, the record of what decides the outcome, its checkpoints.

In come a configuration, a record and what a checkpoint keeps; out comes a folder that everything
which resumes, repeats or paints starts from. It knows no model.
"""
