"""What every client shares: the dialogue with the server, the local database, what a face may show."""
