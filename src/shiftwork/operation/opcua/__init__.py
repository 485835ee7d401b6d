"""OPC UA: the connection to a plant, and a virtual plant behind a real server."""
