"""Archives: their names, how long they stay, where there are how many; pure."""
