"""Tuning of pretrained encoders on pairs, triplets, scores or labels."""
