"""Reading streams: the table, and the running workflow for what is in flight."""
