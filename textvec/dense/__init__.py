"""Dense vectors: of words, trained, counted or read, and of documents."""
