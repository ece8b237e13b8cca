"""The routes, a file a resource. They translate; what is decided is decided below them."""
