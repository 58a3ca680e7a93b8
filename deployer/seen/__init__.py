"""What a server says of itself, as values; pure."""
