"""Pretrained encoders behind the same fit and transform as everything else."""
