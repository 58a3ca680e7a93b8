"""What owners want of a server, and what changes of their files ask for; pure."""
