// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IPDPListener} from "./IPDPListener.sol";
import {PDPViews} from "./PDPViews.sol";
import {Cid, IndexedError} from "./PieceCid.sol";

/// @notice Keeps which provider holds which pieces. It verifies no proofs; removals take effect in
/// the transaction that schedules them.
contract PDPVerifier is PDPViews {
    string public constant VERSION = "3.4.0";
    uint256 public constant FIL_CLEANUP_DEPOSIT = 0.1 ether;
    uint256 public constant MAX_PIECE_SIZE_LOG2 = 50;

    event DataSetCreated(uint256 indexed setId, address indexed storageProvider);
    event DataSetDeleted(uint256 indexed setId, uint256 deletedLeafCount);
    event DataSetEmpty(uint256 indexed setId);
    event PiecesAdded(uint256 indexed setId, uint256[] pieceIds, Cid[] pieceCids);
    event PiecesRemoved(uint256 indexed setId, uint256[] pieceIds);

    error CleanupDepositRequired();

    function createDataSet(address listenerAddr, bytes calldata extraData)
        external
        payable
        returns (uint256 setId)
    {
        setId = _create(listenerAddr, extraData);
    }

    /// @notice With `setId` 0, creates a data set and adds to it: `extraData` is then
    /// `(bytes createPayload, bytes addPayload)` and the new set's id is returned. Otherwise adds to
    /// `setId` and returns the first new piece's id.
    function addPieces(
        uint256 setId,
        address listenerAddr,
        Cid[] calldata pieceData,
        bytes calldata extraData
    ) external payable returns (uint256) {
        if (setId == 0) {
            (bytes memory create, bytes memory add) = abi.decode(extraData, (bytes, bytes));
            uint256 newSetId = _create(listenerAddr, create);
            if (pieceData.length > 0) _add(newSetId, pieceData, add);
            return newSetId;
        }
        require(listenerAddr == address(0), "Listener must be zero when adding to a data set");
        require(msg.value == 0, "No fee on add to existing dataset");
        return _addAsProvider(setId, pieceData, extraData);
    }

    function schedulePieceDeletions(
        uint256 setId,
        uint256[] calldata pieceIds,
        bytes calldata extraData
    ) external onlyProviderOf(setId) {
        DataSet storage set = dataSets[setId];
        for (uint256 i = 0; i < pieceIds.length; i++) {
            if (set.leaves[pieceIds[i]] == 0) revert IndexedError(i, "Can only schedule removal of live pieces");
            _remove(set, pieceIds[i]);
        }
        IPDPListener(set.listener).piecesScheduledRemove(setId, pieceIds, extraData);
        emit PiecesRemoved(setId, pieceIds);
        if (set.leafCount == 0) emit DataSetEmpty(setId);
    }

    function deleteDataSet(uint256 setId, bytes calldata extraData) external onlyProviderOf(setId) {
        DataSet storage set = dataSets[setId];
        uint256 leaves = set.leafCount;
        set.live = false;
        IPDPListener(set.listener).dataSetDeleted(setId, leaves, extraData);
        emit DataSetDeleted(setId, leaves);
        _send(FIL_CLEANUP_DEPOSIT);
    }

    function _create(address listener, bytes memory extraData) private returns (uint256 setId) {
        if (msg.value < FIL_CLEANUP_DEPOSIT) revert CleanupDepositRequired();
        require(listener != address(0), "listener required for new dataset");
        setId = ++dataSetCount;
        DataSet storage set = dataSets[setId];
        (set.storageProvider, set.listener, set.live) = (msg.sender, listener, true);
        IPDPListener(listener).dataSetCreated(setId, msg.sender, extraData);
        emit DataSetCreated(setId, msg.sender);
        _send(msg.value - FIL_CLEANUP_DEPOSIT);
    }

    function _addAsProvider(uint256 setId, Cid[] calldata pieceData, bytes calldata extraData)
        private
        onlyProviderOf(setId)
        returns (uint256)
    {
        return _add(setId, pieceData, extraData);
    }

    function _add(uint256 setId, Cid[] calldata pieceData, bytes memory extraData)
        private
        returns (uint256 firstPieceId)
    {
        require(pieceData.length > 0, "Must add at least one piece");
        DataSet storage set = dataSets[setId];
        firstPieceId = set.nextPieceId;
        uint256[] memory pieceIds = new uint256[](pieceData.length);
        for (uint256 i = 0; i < pieceData.length; i++) {
            pieceIds[i] = _append(set, pieceData[i], i);
        }
        emit PiecesAdded(setId, pieceIds, pieceData);
        IPDPListener(set.listener).piecesAdded(setId, firstPieceId, pieceData, extraData);
    }

    function _send(uint256 amount) private {
        if (amount == 0) return;
        (bool sent,) = msg.sender.call{value: amount}("");
        require(sent, "Refund failed");
    }
}
