"""Stages for the tests of the engine, found by their dotted name (`tests.engine_stages.add`), as
anybody's own stages are."""
