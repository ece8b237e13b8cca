// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {OperatorApproval, RailView} from "../pay/PayTypes.sol";

/// @notice What the warm storage service asks of the contracts around it.
interface IPay {
    function createRail(
        address token,
        address from,
        address to,
        address validator,
        uint256 commissionRateBps,
        address serviceFeeRecipient
    ) external returns (uint256 railId);
    function modifyRailLockup(uint256 railId, uint256 period, uint256 lockupFixed) external;
    function modifyRailPayment(uint256 railId, uint256 newRate, uint256 oneTimePayment) external;
    function terminateRail(uint256 railId) external;
    function getRail(uint256 railId) external view returns (RailView memory);
    function operatorApprovals(address token, address client, address operator)
        external
        view
        returns (
            bool isApproved,
            uint256 rateAllowance,
            uint256 lockupAllowance,
            uint256 rateUsage,
            uint256 lockupUsage,
            uint256 maxLockupPeriod
        );
    function getAccountInfoIfSettled(address token, address owner)
        external
        view
        returns (
            uint256 fundedUntilEpoch,
            uint256 currentFunds,
            uint256 availableFunds,
            uint256 currentLockupRate
        );
}

interface IPDPLeaves {
    function getDataSetLeafCount(uint256 setId) external view returns (uint256);
}

interface IRegistry {
    function getProviderIdByAddress(address provider) external view returns (uint256);
    function getProviderPayee(uint256 providerId) external view returns (address);
}

interface ISessionKeys {
    function authorizationExpiry(address user, address signer, bytes32 permission)
        external
        view
        returns (uint256);
}
