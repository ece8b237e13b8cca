"""Pure rules of a data set: which pieces go on chain together, and when. No I/O, no clock."""
