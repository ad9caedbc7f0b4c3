"""The command `atlas`: its options, what it says, progress bars, new atlases, the preview
server."""
