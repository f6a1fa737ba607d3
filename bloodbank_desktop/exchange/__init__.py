"""Excel files, printed documents and what else comes from or goes to other programs by file."""
