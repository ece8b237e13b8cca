// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {MetadataCodec} from "./MetadataCodec.sol";
import {Prices} from "./Prices.sol";
import {WarmErrors} from "./WarmErrors.sol";
import {WarmListener} from "./WarmListener.sol";
import {WarmSignatures} from "./WarmSignatures.sol";
import {WarmStore} from "./WarmStore.sol";
import {DataSetInfo, ServicePricing} from "./WarmTypes.sol";

/// @notice The storage service: keeps the record of data sets, takes the payer's word by signature
/// and its money through the payments contract.
contract FilecoinWarmStorageService is WarmListener {
    string public constant VERSION = "1.3.1";

    event ServiceTerminated(
        address indexed approver,
        uint256 indexed dataSetId,
        uint256 pdpRailId,
        uint256 cacheMissRailId,
        uint256 cdnRailId
    );
    event ProviderApproved(uint256 indexed providerId);
    event ProviderUnapproved(uint256 indexed providerId);

    constructor(Neighbours memory around, uint64 provingPeriod, uint256 challengeWindow)
        WarmStore(around, provingPeriod, challengeWindow)
    {}

    /// @notice The payer or the provider gives notice; storage is paid to the end of the lockup.
    function terminateService(uint256 dataSetId) external {
        DataSetInfo storage info = _notTerminated(dataSetId);
        if (msg.sender != info.payer && msg.sender != info.serviceProvider) {
            revert WarmErrors.CallerNotPayerOrPayee(
                dataSetId, info.payer, info.serviceProvider, msg.sender
            );
        }
        _endRails(info);
        _announceEnd(msg.sender, dataSetId, info);
    }

    /// @notice The provider hands in the payer's consent; storage ends at once.
    function terminateService(uint256 dataSetId, bytes calldata extraData) external {
        DataSetInfo storage info = _notTerminated(dataSetId);
        if (msg.sender != info.serviceProvider) {
            revert WarmErrors.CallerNotServiceProvider(dataSetId, info.serviceProvider, msg.sender);
        }
        _requireAtMost(extraData.length, MAX_SIGNATURE_BYTES);
        _verify(
            info.payer,
            WarmSignatures.TERMINATE_SERVICE,
            WarmSignatures.terminateService(dataSetId),
            abi.decode(extraData, (bytes))
        );
        _owe(info, Prices.TERMINATE_FEE);
        _endRailsNow(info);
        _announceEnd(info.payer, dataSetId, info);
    }

    function addApprovedProvider(uint256 providerId) external onlyOwner {
        for (uint256 i = 0; i < approvedIds.length; i++) {
            if (approvedIds[i] == providerId) revert WarmErrors.ProviderAlreadyApproved(providerId);
        }
        approvedIds.push(providerId);
        emit ProviderApproved(providerId);
    }

    function removeApprovedProvider(uint256 providerId, uint256 index) external onlyOwner {
        if (index >= approvedIds.length || approvedIds[index] != providerId) {
            revert WarmErrors.ProviderNotInApprovedList(providerId);
        }
        approvedIds[index] = approvedIds[approvedIds.length - 1];
        approvedIds.pop();
        emit ProviderUnapproved(providerId);
    }

    /// @notice Deprecated in favour of `getPriceList`; older clients still ask for it.
    function getServicePrice() external view returns (ServicePricing memory) {
        return ServicePricing(
            Prices.STORAGE_PER_TIB_PER_MONTH,
            Prices.CDN_EGRESS_PER_TIB,
            Prices.CACHE_MISS_EGRESS_PER_TIB,
            usdfcTokenAddress,
            Prices.EPOCHS_PER_MONTH,
            Prices.DATA_SET_FEE_PER_MONTH
        );
    }

    function dataSetInfo(uint256 dataSetId) external view returns (DataSetInfo memory) {
        return dataSets[dataSetId];
    }

    function dataSetIds(address payer) external view returns (uint256[] memory) {
        return dataSetsOf[payer];
    }

    function dataSetOf(uint256 railId) external view returns (uint256) {
        return dataSetOfRail[railId];
    }

    function nonceUse(address payer, uint256 nonce) external view returns (uint256) {
        return noncesOf[payer][nonce];
    }

    function approvedProviderIds() external view returns (uint256[] memory) {
        return approvedIds;
    }

    function provingConfig() external view returns (uint64 period, uint256 challengeWindow) {
        return (maxProvingPeriod, challengeWindowSize);
    }

    function metadataOf(uint256 dataSetId)
        external
        view
        returns (string[] memory keys, string[] memory values)
    {
        return MetadataCodec.unpack(dataSetMetadata[dataSetId]);
    }

    function metadataOf(uint256 dataSetId, uint256 pieceId)
        external
        view
        returns (string[] memory keys, string[] memory values)
    {
        return MetadataCodec.unpack(pieceMetadata[dataSetId][pieceId]);
    }

    function _announceEnd(address approver, uint256 dataSetId, DataSetInfo storage info) private {
        emit ServiceTerminated(
            approver, dataSetId, info.pdpRailId, info.cacheMissRailId, info.cdnRailId
        );
    }
}
