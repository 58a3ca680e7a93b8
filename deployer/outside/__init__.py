"""What is kept elsewhere than on the server, and changed from here over the web."""
