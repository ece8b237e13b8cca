// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {FilecoinWarmStorageService} from "./FilecoinWarmStorageService.sol";
import {IPDPLeaves} from "./Neighbours.sol";
import {Prices} from "./Prices.sol";
import {DataSetInfo, DataSetInfoView, PriceList} from "./WarmTypes.sol";

interface IPDPLive {
    function dataSetLive(uint256 setId) external view returns (bool);
}

/// @notice What anybody may ask about the service's records.
contract FilecoinWarmStorageServiceStateView {
    enum DataSetStatus {
        Inactive,
        Active
    }

    uint256 private constant CHALLENGES_PER_PROOF = 5;

    FilecoinWarmStorageService public immutable service;

    constructor(FilecoinWarmStorageService service_) {
        service = service_;
    }

    function getPriceList() external view returns (PriceList memory) {
        return Prices.list(service.usdfcTokenAddress());
    }

    function getDataSet(uint256 dataSetId) public view returns (DataSetInfoView memory) {
        DataSetInfo memory info = service.dataSetInfo(dataSetId);
        return DataSetInfoView(
            info.pdpRailId,
            info.cacheMissRailId,
            info.cdnRailId,
            info.payer,
            info.payee,
            info.serviceProvider,
            info.commissionBps,
            info.clientDataSetId,
            info.pdpEndEpoch,
            info.providerId,
            info.pendingOneTimePayments,
            info.lifecycleReserveBalance,
            dataSetId
        );
    }

    /// @notice Active while it holds pieces; a devnet has no proving by which to tell.
    function getDataSetStatus(uint256 dataSetId) external view returns (DataSetStatus) {
        address pdp = service.pdpVerifierAddress();
        bool filled = IPDPLive(pdp).dataSetLive(dataSetId)
            && IPDPLeaves(pdp).getDataSetLeafCount(dataSetId) > 0;
        return filled ? DataSetStatus.Active : DataSetStatus.Inactive;
    }

    function clientDataSets(address payer) external view returns (uint256[] memory) {
        return service.dataSetIds(payer);
    }

    function clientDataSets(address payer, uint256 offset, uint256 limit)
        external
        view
        returns (uint256[] memory)
    {
        return _page(service.dataSetIds(payer), offset, limit);
    }

    function getClientDataSetsLength(address payer) external view returns (uint256) {
        return service.dataSetIds(payer).length;
    }

    function getClientDataSets(address payer) external view returns (DataSetInfoView[] memory) {
        return _dataSets(service.dataSetIds(payer));
    }

    function getClientDataSets(address payer, uint256 offset, uint256 limit)
        external
        view
        returns (DataSetInfoView[] memory)
    {
        return _dataSets(_page(service.dataSetIds(payer), offset, limit));
    }

    function clientNonces(address payer, uint256 nonce) external view returns (uint256) {
        return service.nonceUse(payer, nonce);
    }

    function railToDataSet(uint256 railId) external view returns (uint256) {
        return service.dataSetOf(railId);
    }

    function getAllDataSetMetadata(uint256 dataSetId)
        external
        view
        returns (string[] memory keys, string[] memory values)
    {
        return service.metadataOf(dataSetId);
    }

    function getDataSetMetadata(uint256 dataSetId, string calldata key)
        external
        view
        returns (bool exists, string memory value)
    {
        (string[] memory keys, string[] memory values) = service.metadataOf(dataSetId);
        return _find(keys, values, key);
    }

    function getAllPieceMetadata(uint256 dataSetId, uint256 pieceId)
        external
        view
        returns (string[] memory keys, string[] memory values)
    {
        return service.metadataOf(dataSetId, pieceId);
    }

    function getPieceMetadata(uint256 dataSetId, uint256 pieceId, string calldata key)
        external
        view
        returns (bool exists, string memory value)
    {
        (string[] memory keys, string[] memory values) = service.metadataOf(dataSetId, pieceId);
        return _find(keys, values, key);
    }

    function getApprovedProviders(uint256 offset, uint256 limit)
        external
        view
        returns (uint256[] memory)
    {
        return _page(service.approvedProviderIds(), offset, limit);
    }

    function getApprovedProvidersLength() external view returns (uint256) {
        return service.approvedProviderIds().length;
    }

    function isProviderApproved(uint256 providerId) external view returns (bool) {
        uint256[] memory ids = service.approvedProviderIds();
        for (uint256 i = 0; i < ids.length; i++) {
            if (ids[i] == providerId) return true;
        }
        return false;
    }

    function getPDPConfig()
        external
        view
        returns (
            uint64 maxProvingPeriod,
            uint256 challengeWindowSize,
            uint256 challengesPerProof,
            uint256 initChallengeWindowStart
        )
    {
        (maxProvingPeriod, challengeWindowSize) = service.provingConfig();
        challengesPerProof = CHALLENGES_PER_PROOF;
        initChallengeWindowStart = block.number + maxProvingPeriod - challengeWindowSize;
    }

    /// @notice Always 0, "proving has not begun": a devnet asks for no proofs.
    function provingDeadline(uint256) external pure returns (uint256) {
        return 0;
    }

    /// @notice Always false, see `provingDeadline`.
    function provenThisPeriod(uint256) external pure returns (bool) {
        return false;
    }

    function _dataSets(uint256[] memory ids)
        private
        view
        returns (DataSetInfoView[] memory found)
    {
        found = new DataSetInfoView[](ids.length);
        for (uint256 i = 0; i < ids.length; i++) {
            found[i] = getDataSet(ids[i]);
        }
    }

    /// @dev A limit of 0 means to the end.
    function _page(uint256[] memory all, uint256 offset, uint256 limit)
        private
        pure
        returns (uint256[] memory page)
    {
        if (offset >= all.length) return page;
        uint256 left = all.length - offset;
        page = new uint256[](limit == 0 || limit > left ? left : limit);
        for (uint256 i = 0; i < page.length; i++) {
            page[i] = all[offset + i];
        }
    }

    function _find(string[] memory keys, string[] memory values, string calldata key)
        private
        pure
        returns (bool, string memory)
    {
        bytes32 wanted = keccak256(bytes(key));
        for (uint256 i = 0; i < keys.length; i++) {
            if (keccak256(bytes(keys[i])) == wanted) return (true, values[i]);
        }
        return (false, "");
    }
}
