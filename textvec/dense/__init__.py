"""Dense vectors made from counts and co-occurrence."""
