"""One map for other tools: Parquet, CSV, TensorBoard's projector, a page of its own."""
