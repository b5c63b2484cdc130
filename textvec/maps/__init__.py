"""Where items stand on a plane, what is nearest to each, and what the parts of a map are about."""
