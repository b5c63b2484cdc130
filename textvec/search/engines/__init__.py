"""Other search engines behind one contract, a module each: dense vectors in, neighbours out."""
