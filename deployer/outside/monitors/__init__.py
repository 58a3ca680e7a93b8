"""One module for each that watches for us: what it has is read, and changes are written."""
