// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Cid} from "../pdp/PieceCid.sol";

/// @notice EIP-712 struct hashes of the four messages a payer signs.
library WarmSignatures {
    bytes32 internal constant METADATA_ENTRY = keccak256("MetadataEntry(string key,string value)");
    bytes32 internal constant CID = keccak256("Cid(bytes data)");
    bytes32 internal constant PIECE_METADATA = keccak256(
        "PieceMetadata(uint256 pieceIndex,MetadataEntry[] metadata)MetadataEntry(string key,string value)"
    );
    bytes32 internal constant CREATE_DATA_SET = keccak256(
        "CreateDataSet(uint256 clientDataSetId,address payee,MetadataEntry[] metadata)"
        "MetadataEntry(string key,string value)"
    );
    bytes32 internal constant ADD_PIECES = keccak256(
        "AddPieces(uint256 clientDataSetId,uint256 nonce,Cid[] pieceData,PieceMetadata[] pieceMetadata)"
        "Cid(bytes data)MetadataEntry(string key,string value)"
        "PieceMetadata(uint256 pieceIndex,MetadataEntry[] metadata)"
    );
    bytes32 internal constant SCHEDULE_PIECE_REMOVALS =
        keccak256("SchedulePieceRemovals(uint256 clientDataSetId,uint256[] pieceIds)");
    bytes32 internal constant TERMINATE_SERVICE = keccak256("TerminateService(uint256 dataSetId)");

    function createDataSet(
        uint256 clientDataSetId,
        address payee,
        string[] memory keys,
        string[] memory values
    ) internal pure returns (bytes32) {
        return keccak256(
            abi.encode(CREATE_DATA_SET, clientDataSetId, payee, _entries(keys, values))
        );
    }

    function addPieces(
        uint256 clientDataSetId,
        uint256 nonce,
        Cid[] calldata pieces,
        string[][] memory keys,
        string[][] memory values
    ) internal pure returns (bytes32) {
        bytes32[] memory cids = new bytes32[](pieces.length);
        bytes32[] memory metadata = new bytes32[](pieces.length);
        for (uint256 i = 0; i < pieces.length; i++) {
            cids[i] = keccak256(abi.encode(CID, keccak256(pieces[i].data)));
            metadata[i] = keccak256(abi.encode(PIECE_METADATA, i, _entries(keys[i], values[i])));
        }
        return keccak256(
            abi.encode(
                ADD_PIECES,
                clientDataSetId,
                nonce,
                keccak256(abi.encodePacked(cids)),
                keccak256(abi.encodePacked(metadata))
            )
        );
    }

    function schedulePieceRemovals(uint256 clientDataSetId, uint256[] calldata pieceIds)
        internal
        pure
        returns (bytes32)
    {
        return keccak256(
            abi.encode(
                SCHEDULE_PIECE_REMOVALS, clientDataSetId, keccak256(abi.encodePacked(pieceIds))
            )
        );
    }

    function terminateService(uint256 dataSetId) internal pure returns (bytes32) {
        return keccak256(abi.encode(TERMINATE_SERVICE, dataSetId));
    }

    function _entries(string[] memory keys, string[] memory values) private pure returns (bytes32) {
        bytes32[] memory hashes = new bytes32[](keys.length);
        for (uint256 i = 0; i < keys.length; i++) {
            hashes[i] = keccak256(
                abi.encode(METADATA_ENTRY, keccak256(bytes(keys[i])), keccak256(bytes(values[i])))
            );
        }
        return keccak256(abi.encodePacked(hashes));
    }
}
