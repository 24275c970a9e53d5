"""Keys of senders and readers: issued and kept, known in memory, asked for at the door."""
