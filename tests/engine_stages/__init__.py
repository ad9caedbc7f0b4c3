"""Stages for the tests of the engine, in a package of their own, as anybody's stages may be."""
