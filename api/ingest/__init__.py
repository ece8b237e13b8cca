"""Taking chunks in: headers, bodies, and the route that hands both to the receiver."""
