"""Equivariant similarity of images and captions: EqBen's scores, and EqSim's regularisers (arXiv 2303.14465)."""
