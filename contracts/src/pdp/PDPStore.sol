// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Cid, PieceCid} from "./PieceCid.sol";

/// @notice Data sets and their pieces. A piece without leaves is a removed one.
abstract contract PDPStore {
    using PieceCid for Cid;

    struct DataSet {
        address storageProvider;
        address listener;
        uint256 nextPieceId;
        uint256 leafCount;
        uint256 activePieces;
        bool live;
        mapping(uint256 => bytes) cids;
        mapping(uint256 => uint256) leaves;
        mapping(bytes32 => uint256[]) idsByCid;
    }

    uint256 internal dataSetCount;
    mapping(uint256 => DataSet) internal dataSets;

    error DataSetNotLive();
    error DataSetNotFound();
    error OnlyStorageProvider(address expected, address actual);

    modifier onlyProviderOf(uint256 setId) {
        address expected = _live(setId).storageProvider;
        if (msg.sender != expected) revert OnlyStorageProvider(expected, msg.sender);
        _;
    }

    function _live(uint256 setId) internal view returns (DataSet storage set) {
        set = dataSets[setId];
        if (!set.live) revert DataSetNotLive();
    }

    function _append(DataSet storage set, Cid calldata cid, uint256 index)
        internal
        returns (uint256 pieceId)
    {
        uint256 leaves = cid.leafCount(index);
        pieceId = set.nextPieceId++;
        set.cids[pieceId] = cid.data;
        set.leaves[pieceId] = leaves;
        set.idsByCid[keccak256(cid.data)].push(pieceId);
        set.leafCount += leaves;
        set.activePieces++;
    }

    function _remove(DataSet storage set, uint256 pieceId) internal {
        set.leafCount -= set.leaves[pieceId];
        set.activePieces--;
        delete set.leaves[pieceId];
        delete set.cids[pieceId];
    }
}
