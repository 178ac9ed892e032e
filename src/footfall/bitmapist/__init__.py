"""A drop-in for Doist's bitmapist: the same names, on Footfall's own sets."""
