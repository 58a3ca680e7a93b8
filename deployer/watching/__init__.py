"""What a watch makes of what it has seen: troubles, what of them is news, and how that is told; pure."""
