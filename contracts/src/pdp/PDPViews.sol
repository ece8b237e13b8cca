// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {PDPStore} from "./PDPStore.sol";
import {Cid} from "./PieceCid.sol";

/// @notice What anybody may ask about a data set.
abstract contract PDPViews is PDPStore {
    function getNextDataSetId() external view returns (uint64) {
        return uint64(dataSetCount + 1);
    }

    function dataSetLive(uint256 setId) external view returns (bool) {
        return dataSets[setId].live;
    }

    function getDataSetListener(uint256 setId) external view returns (address) {
        return _live(setId).listener;
    }

    function getDataSetStorageProvider(uint256 setId) external view returns (address, address) {
        return (_live(setId).storageProvider, address(0));
    }

    function getDataSetLeafCount(uint256 setId) external view returns (uint256) {
        return _live(setId).leafCount;
    }

    function getNextPieceId(uint256 setId) external view returns (uint256) {
        return _live(setId).nextPieceId;
    }

    function getActivePieceCount(uint256 setId) external view returns (uint256) {
        return _live(setId).activePieces;
    }

    /// @notice Always empty: removals take effect at once.
    function getScheduledRemovals(uint256 setId) external view returns (uint256[] memory ids) {
        _live(setId);
        return ids;
    }

    /// @notice Always 0: no challenge is scheduled, since nothing is proven on a devnet.
    function getNextChallengeEpoch(uint256 setId) external view returns (uint256) {
        _live(setId);
        return 0;
    }

    function pieceLive(uint256 setId, uint256 pieceId) external view returns (bool) {
        return dataSets[setId].live && dataSets[setId].leaves[pieceId] != 0;
    }

    function getPieceLeafCount(uint256 setId, uint256 pieceId) external view returns (uint256) {
        return _live(setId).leaves[pieceId];
    }

    function getPieceCid(uint256 setId, uint256 pieceId) external view returns (Cid memory) {
        return Cid(_live(setId).cids[pieceId]);
    }

    function getActivePieces(uint256 setId, uint256 offset, uint256 limit)
        external
        view
        returns (Cid[] memory pieces, uint256[] memory pieceIds, bool hasMore)
    {
        DataSet storage set = _live(setId);
        uint256 start;
        for (uint256 skipped = 0; start < set.nextPieceId && skipped < offset; start++) {
            if (set.leaves[start] != 0) skipped++;
        }
        return _activeFrom(set, start, limit);
    }

    function getActivePiecesByCursor(uint256 setId, uint256 startPieceId, uint256 limit)
        external
        view
        returns (Cid[] memory pieces, uint256[] memory pieceIds, bool hasMore)
    {
        return _activeFrom(_live(setId), startPieceId, limit);
    }

    function findPieceIdsByCid(
        uint256 setId,
        Cid calldata cid,
        uint256 startPieceId,
        uint256 limit
    ) external view returns (uint256[] memory found) {
        DataSet storage set = _live(setId);
        uint256[] storage ids = set.idsByCid[keccak256(cid.data)];
        found = new uint256[](limit < ids.length ? limit : ids.length);
        uint256 kept;
        for (uint256 i = 0; i < ids.length && kept < limit; i++) {
            if (ids[i] >= startPieceId && set.leaves[ids[i]] != 0) found[kept++] = ids[i];
        }
        assembly {
            mstore(found, kept)
        }
    }

    function _activeFrom(DataSet storage set, uint256 start, uint256 limit)
        private
        view
        returns (Cid[] memory pieces, uint256[] memory pieceIds, bool hasMore)
    {
        require(limit > 0, "Limit must be greater than 0");
        uint256 size = limit < set.activePieces ? limit : set.activePieces;
        pieces = new Cid[](size);
        pieceIds = new uint256[](size);
        uint256 kept;
        for (uint256 id = start; id < set.nextPieceId; id++) {
            if (set.leaves[id] == 0) continue;
            if (kept == size) {
                hasMore = true;
                break;
            }
            pieces[kept] = Cid(set.cids[id]);
            pieceIds[kept++] = id;
        }
        assembly {
            mstore(pieces, kept)
            mstore(pieceIds, kept)
        }
    }
}
