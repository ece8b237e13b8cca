"""Signed permissions, ready to be handed to a provider."""

from __future__ import annotations

from collections.abc import Sequence

from vibesflow.filecoin import extra_data, signing
from vibesflow.filecoin.commit_request import PieceToAdd
from vibesflow.filecoin.keys import Signer
from vibesflow.filecoin.metadata import Metadata
from vibesflow.filecoin.networks import Network


class Permits:
    """Signs for one payer on one network.

    Args:
        signer: the payer, or who may sign for the payer.
        network: where the signatures count.
        metadata: pairs of the data sets that are created.
    """

    def __init__(self, signer: Signer, network: Network, metadata: Metadata) -> None:
        self._signer = signer
        self._domain = signing.warm_storage_domain(network.chain_id, network.fwss)
        self._metadata = metadata

    @property
    def payer(self) -> str:
        """Who pays, in checksum form."""
        return self._signer.payer

    def add(self, client_data_set_id: int, nonce: int, pieces: Sequence[PieceToAdd]) -> bytes:
        """Permit these pieces to be added, once, to the set of this number."""
        digest = signing.add_pieces_digest(
            self._domain, client_data_set_id=client_data_set_id, nonce=nonce, pieces=pieces
        )
        return extra_data.add_extra_data(nonce, pieces, self._signer.sign_digest(digest))

    def create_and_add(
        self, client_data_set_id: int, payee: str, nonce: int, pieces: Sequence[PieceToAdd]
    ) -> bytes:
        """Permit the set of this number to be created, and these pieces to be added."""
        digest = signing.create_data_set_digest(
            self._domain,
            client_data_set_id=client_data_set_id,
            payee=payee,
            metadata=self._metadata,
        )
        create = extra_data.create_extra_data(
            self.payer, client_data_set_id, self._metadata, self._signer.sign_digest(digest)
        )
        return extra_data.create_and_add_extra_data(
            create, self.add(client_data_set_id, nonce, pieces)
        )

    def remove(self, client_data_set_id: int, piece_ids: Sequence[int]) -> bytes:
        """Permit these pieces to be removed from the set of this number."""
        digest = signing.schedule_piece_removals_digest(
            self._domain, client_data_set_id=client_data_set_id, piece_ids=piece_ids
        )
        return extra_data.signature_extra_data(self._signer.sign_digest(digest))

    def terminate(self, data_set_id: int) -> bytes:
        """Permit the provider to end the service of a set, by its number on chain."""
        digest = signing.terminate_service_digest(self._domain, data_set_id=data_set_id)
        return extra_data.signature_extra_data(self._signer.sign_digest(digest))
