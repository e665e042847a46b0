"""Writers of what older code reads: what is exported is imported again as it was."""
