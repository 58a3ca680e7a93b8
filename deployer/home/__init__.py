"""The home server: brings the archives home, reads them, passes them on to S3, and tells how it went."""
