"""The concerns of a running stream, one class each, told by the loop of `RtaWorkflow`.

Each one holds the stream's state, its board and its options, starts the work of its concern when
the loop looks (``start``), and takes the outcome into the state. None of them calls another:
they meet in the state alone.
"""
