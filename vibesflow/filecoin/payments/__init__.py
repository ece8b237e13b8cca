"""Paying for storage: prices, the payer's account, quotes, preflights, funding.

The account lives in the Filecoin Pay contract and holds USDFC; the storage service locks and
spends from it within the payer's approval. Amounts are integers in the smallest unit (18
decimals), rates are per epoch of 30 seconds.
"""
