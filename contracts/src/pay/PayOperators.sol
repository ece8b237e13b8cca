// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {PayAccounts} from "./PayAccounts.sol";
import {OperatorApproval} from "./PayTypes.sol";

/// @notice How much each payer lets an operator promise in its name.
abstract contract PayOperators is PayAccounts {
    mapping(address token => mapping(address client => mapping(address operator => OperatorApproval)))
        public operatorApprovals;

    event OperatorApprovalUpdated(
        address indexed token,
        address indexed client,
        address indexed operator,
        bool approved,
        uint256 rateAllowance,
        uint256 lockupAllowance,
        uint256 maxLockupPeriod
    );

    error OperatorNotApproved(address from, address operator);
    error OperatorRateAllowanceExceeded(uint256 allowance, uint256 attemptedUsage);
    error OperatorLockupAllowanceExceeded(uint256 allowance, uint256 attemptedUsage);
    error LockupPeriodExceedsOperatorMaximum(
        address token, address operator, uint256 maxAllowedPeriod, uint256 requestedPeriod
    );

    function setOperatorApproval(
        address token,
        address operator,
        bool approved,
        uint256 rateAllowance,
        uint256 lockupAllowance,
        uint256 maxLockupPeriod
    ) external {
        _approve(token, operator, approved, rateAllowance, lockupAllowance, maxLockupPeriod);
    }

    function increaseOperatorApproval(
        address token,
        address operator,
        uint256 rateAllowanceIncrease,
        uint256 lockupAllowanceIncrease
    ) external {
        OperatorApproval storage approval = operatorApprovals[token][msg.sender][operator];
        if (!approval.isApproved) revert OperatorNotApproved(msg.sender, operator);
        _approve(
            token,
            operator,
            true,
            approval.rateAllowance + rateAllowanceIncrease,
            approval.lockupAllowance + lockupAllowanceIncrease,
            approval.maxLockupPeriod
        );
    }

    function depositWithPermitAndApproveOperator(
        address token,
        address to,
        uint256 amount,
        uint256 deadline,
        uint8 v,
        bytes32 r,
        bytes32 s,
        address operator,
        uint256 rateAllowance,
        uint256 lockupAllowance,
        uint256 maxLockupPeriod
    ) external {
        _approve(token, operator, true, rateAllowance, lockupAllowance, maxLockupPeriod);
        _depositWithPermit(token, to, amount, deadline, v, r, s);
    }

    function _approve(
        address token,
        address operator,
        bool approved,
        uint256 rateAllowance,
        uint256 lockupAllowance,
        uint256 maxLockupPeriod
    ) private {
        if (operator == address(0)) revert ZeroAddressNotAllowed("operator");
        OperatorApproval storage approval = operatorApprovals[token][msg.sender][operator];
        approval.isApproved = approved;
        approval.rateAllowance = rateAllowance;
        approval.lockupAllowance = lockupAllowance;
        approval.maxLockupPeriod = maxLockupPeriod;
        emit OperatorApprovalUpdated(
            token, msg.sender, operator, approved, rateAllowance, lockupAllowance, maxLockupPeriod
        );
    }

    function _useRate(OperatorApproval storage approval, uint256 oldRate, uint256 newRate) internal {
        uint256 usage = approval.rateUsage - _min(approval.rateUsage, oldRate) + newRate;
        if (newRate > oldRate && (usage > approval.rateAllowance || !approval.isApproved)) {
            revert OperatorRateAllowanceExceeded(approval.rateAllowance, usage);
        }
        approval.rateUsage = usage;
    }

    function _useLockup(OperatorApproval storage approval, uint256 oldLockup, uint256 newLockup)
        internal
    {
        uint256 usage = approval.lockupUsage - _min(approval.lockupUsage, oldLockup) + newLockup;
        if (newLockup > oldLockup && (usage > approval.lockupAllowance || !approval.isApproved)) {
            revert OperatorLockupAllowanceExceeded(approval.lockupAllowance, usage);
        }
        approval.lockupUsage = usage;
    }

    function _spendLockup(OperatorApproval storage approval, uint256 amount) internal {
        approval.lockupAllowance -= _min(approval.lockupAllowance, amount);
        approval.lockupUsage -= _min(approval.lockupUsage, amount);
    }

    function _min(uint256 a, uint256 b) internal pure returns (uint256) {
        return a < b ? a : b;
    }
}
