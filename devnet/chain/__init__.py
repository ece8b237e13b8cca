"""The embedded chain: an EVM node, our contracts on it, and money in the payer's account.

`devnet.chain.node` runs the node, `devnet.chain.deploy` makes it an Onchain Cloud network, and
``python -m devnet.chain`` is the node as a process of its own.
"""
