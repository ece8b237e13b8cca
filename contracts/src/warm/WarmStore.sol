// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Owned} from "../Owned.sol";
import {IPay, IPDPLeaves, IRegistry, ISessionKeys} from "./Neighbours.sol";
import {WarmErrors} from "./WarmErrors.sol";
import {DataSetInfo} from "./WarmTypes.sol";

/// @notice What the service keeps, and the contracts it works with.
abstract contract WarmStore is Owned {
    address public immutable pdpVerifierAddress;
    address public immutable paymentsContractAddress;
    address public immutable usdfcTokenAddress;
    address public immutable filBeamBeneficiaryAddress;
    address public immutable serviceProviderRegistry;
    address public immutable sessionKeyRegistry;
    uint64 internal immutable maxProvingPeriod;
    uint256 internal immutable challengeWindowSize;

    address public viewContractAddress;

    mapping(uint256 => DataSetInfo) internal dataSets;
    mapping(address => uint256[]) internal dataSetsOf;
    mapping(uint256 => uint256) internal dataSetOfRail;
    /// @dev Low 128 bits: data set id. High 128 bits: next piece id after that add.
    mapping(address => mapping(uint256 => uint256)) internal noncesOf;
    uint256[] internal approvedIds;

    event ViewContractSet(address indexed viewContract);

    struct Neighbours {
        address pdpVerifier;
        address payments;
        address usdfc;
        address filBeamBeneficiary;
        address registry;
        address sessionKeys;
    }

    constructor(Neighbours memory around, uint64 provingPeriod, uint256 challengeWindow) {
        pdpVerifierAddress = around.pdpVerifier;
        paymentsContractAddress = around.payments;
        usdfcTokenAddress = around.usdfc;
        filBeamBeneficiaryAddress = around.filBeamBeneficiary;
        serviceProviderRegistry = around.registry;
        sessionKeyRegistry = around.sessionKeys;
        maxProvingPeriod = provingPeriod;
        challengeWindowSize = challengeWindow;
    }

    modifier onlyPDPVerifier() {
        if (msg.sender != pdpVerifierAddress) {
            revert WarmErrors.OnlyPDPVerifierAllowed(pdpVerifierAddress, msg.sender);
        }
        _;
    }

    function setViewContract(address viewContract) external onlyOwner {
        viewContractAddress = viewContract;
        emit ViewContractSet(viewContract);
    }

    function _known(uint256 dataSetId) internal view returns (DataSetInfo storage info) {
        info = dataSets[dataSetId];
        if (info.pdpRailId == 0) revert WarmErrors.InvalidDataSetId(dataSetId);
    }

    function _notTerminated(uint256 dataSetId) internal view returns (DataSetInfo storage info) {
        info = _known(dataSetId);
        if (info.pdpEndEpoch != 0) revert WarmErrors.DataSetPaymentAlreadyTerminated(dataSetId);
    }

    function _useNonce(address payer, uint256 nonce, uint256 dataSetId, uint256 nextPieceId)
        internal
    {
        if (noncesOf[payer][nonce] != 0) revert WarmErrors.ClientDataSetAlreadyRegistered(nonce);
        noncesOf[payer][nonce] = nextPieceId << 128 | dataSetId;
    }

    function _pay() internal view returns (IPay) {
        return IPay(paymentsContractAddress);
    }

    function _leafCount(uint256 dataSetId) internal view returns (uint256) {
        return IPDPLeaves(pdpVerifierAddress).getDataSetLeafCount(dataSetId);
    }

    function _registry() internal view returns (IRegistry) {
        return IRegistry(serviceProviderRegistry);
    }

    function _sessionKeys() internal view returns (ISessionKeys) {
        return ISessionKeys(sessionKeyRegistry);
    }
}
