"""Tables of vectors without a model: a module for each format that a file or a folder may have, and
what finds which one it is.

A format is a module with a TITLE and the functions of `table.Format`. Files are read in pieces, no
pickle is ever read, and no size that a file declares is believed beyond the file's own.
"""
