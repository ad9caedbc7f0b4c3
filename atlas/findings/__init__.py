"""Measurements besides maps. Each section of findings is a folder with config, plan, data, view,
pages and stages."""
