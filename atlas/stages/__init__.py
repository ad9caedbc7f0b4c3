"""The stages of compute, one module each. A stage takes data, returns data, and knows neither the store nor the site.

A module `atlas.stages.NAME` holds a function `NAME` and an integer `VERSION`, raised by hand whenever the function's
output changes for the same input. Heavy libraries are imported inside the function: the plan imports these modules.
"""
