"""Checkpoints: found in a folder, a package or on the hub, read, and run. Knows no map."""
