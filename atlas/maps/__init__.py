"""Maps: layouts of a space with neighbors, clusters, labels and faithfulness; their data, pages,
pictures and files."""
