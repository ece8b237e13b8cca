"""Pure rules of a stream: ids, order, gaps, completion, document, status. No I/O, no clock."""
