"""Replies in the words of the existing client: proof set, root, filcdn."""
