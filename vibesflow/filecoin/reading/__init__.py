"""Reading pieces back from whoever has them, and serving nothing that was not checked.

A piece is fetched whole into a file while it is hashed, and served from that file only once the
hash is right. So a range, which no hash covers, is as good as the whole, and a source that stops
or lies half-way costs time but never a wrong byte. The price is that the first byte leaves after
the last one came; pieces of live audio are short enough for that.
"""
