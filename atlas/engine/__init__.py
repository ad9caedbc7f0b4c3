"""Stages, tasks, the store and the executors. Knows nothing of models or maps."""
