"""What is measured besides maps. A kind of finding is a folder here with config, plan, data, view,
pages and stages."""
