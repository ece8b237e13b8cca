// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Cid} from "./PieceCid.sol";

/// @notice What PDPVerifier tells the service that keeps the record of a data set.
interface IPDPListener {
    function dataSetCreated(uint256 dataSetId, address creator, bytes calldata extraData) external;

    function piecesAdded(
        uint256 dataSetId,
        uint256 firstAdded,
        Cid[] calldata pieceData,
        bytes calldata extraData
    ) external;

    function piecesScheduledRemove(
        uint256 dataSetId,
        uint256[] calldata pieceIds,
        bytes calldata extraData
    ) external;

    function dataSetDeleted(uint256 dataSetId, uint256 deletedLeafCount, bytes calldata extraData)
        external;
}
