// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {PayRails} from "./PayRails.sol";
import {Account, IValidator, OperatorApproval, RailView} from "./PayTypes.sol";

/// @notice Payments between payers and payees, run by operators within the payers' approval.
/// A rail is settled whenever its rate changes, so no queue of old rates is kept.
contract FilecoinPayV1 is PayRails {
    event RailLockupModified(
        uint256 indexed railId,
        uint256 oldLockupPeriod,
        uint256 newLockupPeriod,
        uint256 oldLockupFixed,
        uint256 newLockupFixed
    );
    event RailRateModified(uint256 indexed railId, uint256 oldRate, uint256 newRate);
    event RailOneTimePaymentProcessed(
        uint256 indexed railId,
        uint256 netPayeeAmount,
        uint256 operatorCommission,
        uint256 networkFee
    );
    event RailTerminated(uint256 indexed railId, address indexed by, uint256 endEpoch);

    error LockupFixedIncreaseNotAllowedDueToInsufficientFunds(
        address token, address from, uint256 available, uint256 required
    );
    error LockupNotSettledRateChangeNotAllowed(uint256 railId, address from);
    error InvalidTerminatedRailModification(uint256 railId, uint256 endEpoch);
    error OneTimePaymentExceedsLockup(uint256 railId, uint256 available, uint256 required);
    error RailAlreadyTerminated(uint256 railId);
    error NotAuthorizedToTerminateRail(uint256 railId, address allowedPayer, address operator);
    error CannotSettleFutureEpochs(uint256 railId, uint256 maxAllowedEpoch, uint256 attemptedEpoch);

    function modifyRailLockup(uint256 railId, uint256 period, uint256 lockupFixed)
        external
        onlyOperator(railId)
    {
        RailView storage rail = rails[railId];
        (uint256 oldPeriod, uint256 oldFixed) = (rail.lockupPeriod, rail.lockupFixed);
        if (rail.endEpoch != 0 && (period != oldPeriod || lockupFixed > oldFixed)) {
            revert InvalidTerminatedRailModification(railId, rail.endEpoch);
        }
        _requirePeriodAllowed(rail, period);
        _relock(rail, oldFixed + rail.paymentRate * oldPeriod, lockupFixed + rail.paymentRate * period);
        (rail.lockupPeriod, rail.lockupFixed) = (period, lockupFixed);
        emit RailLockupModified(railId, oldPeriod, period, oldFixed, lockupFixed);
    }

    function modifyRailPayment(uint256 railId, uint256 newRate, uint256 oneTimePayment)
        external
        onlyOperator(railId)
    {
        RailView storage rail = rails[railId];
        if (newRate != rail.paymentRate) _changeRate(railId, newRate);
        if (oneTimePayment != 0) _payOnce(railId, oneTimePayment);
        _requireCovered(rail.token, rail.from);
    }

    function terminateRail(uint256 railId) external {
        RailView storage rail = _rail(railId);
        if (msg.sender != rail.from && msg.sender != rail.operator) {
            revert NotAuthorizedToTerminateRail(railId, rail.from, msg.sender);
        }
        if (rail.endEpoch != 0) revert RailAlreadyTerminated(railId);
        _settleLockup(rail.token, rail.from);
        Account storage payer = accounts[rail.token][rail.from];
        rail.endEpoch = payer.lockupLastSettledAt + rail.lockupPeriod;
        payer.lockupRate -= rail.paymentRate;
        _useRate(_approvalOf(rail), rail.paymentRate, 0);
        emit RailTerminated(railId, msg.sender, rail.endEpoch);
        if (rail.validator != address(0)) {
            IValidator(rail.validator).railTerminated(railId, msg.sender, rail.endEpoch);
        }
    }

    function settleRail(uint256 railId, uint256 untilEpoch)
        external
        returns (
            uint256 totalSettledAmount,
            uint256 totalNetPayeeAmount,
            uint256 totalOperatorCommission,
            uint256 totalNetworkFee,
            uint256 finalSettledEpoch,
            string memory note
        )
    {
        if (untilEpoch > block.number) {
            revert CannotSettleFutureEpochs(railId, block.number, untilEpoch);
        }
        RailView storage rail = _rail(railId);
        _settleLockup(rail.token, rail.from);
        finalSettledEpoch = rail.endEpoch != 0
            ? _min(untilEpoch, rail.endEpoch)
            : _min(untilEpoch, accounts[rail.token][rail.from].lockupLastSettledAt);
        if (finalSettledEpoch < rail.settledUpTo) finalSettledEpoch = rail.settledUpTo;
        (totalSettledAmount, totalNetPayeeAmount, totalOperatorCommission, totalNetworkFee) =
            _settleRail(railId, finalSettledEpoch);
        note = "";
    }

    /// @dev Locks more or less of the payer's funds in step with one rail.
    function _relock(RailView storage rail, uint256 oldLockup, uint256 newLockup) private {
        bool upToDate = _settleLockup(rail.token, rail.from);
        Account storage payer = accounts[rail.token][rail.from];
        uint256 available = payer.funds - payer.lockupCurrent;
        if (newLockup > oldLockup && (!upToDate || newLockup - oldLockup > available)) {
            revert LockupFixedIncreaseNotAllowedDueToInsufficientFunds(
                rail.token, rail.from, available, newLockup - oldLockup
            );
        }
        payer.lockupCurrent = payer.lockupCurrent + newLockup - oldLockup;
        _useLockup(_approvalOf(rail), oldLockup, newLockup);
    }

    function _changeRate(uint256 railId, uint256 newRate) private {
        RailView storage rail = rails[railId];
        if (rail.endEpoch != 0) revert InvalidTerminatedRailModification(railId, rail.endEpoch);
        if (!_settleLockup(rail.token, rail.from)) {
            revert LockupNotSettledRateChangeNotAllowed(railId, rail.from);
        }
        _settleRail(railId, block.number);
        uint256 oldRate = rail.paymentRate;
        OperatorApproval storage approval = _approvalOf(rail);
        _useRate(approval, oldRate, newRate);
        _useLockup(approval, oldRate * rail.lockupPeriod, newRate * rail.lockupPeriod);
        Account storage payer = accounts[rail.token][rail.from];
        payer.lockupRate = payer.lockupRate + newRate - oldRate;
        payer.lockupCurrent =
            payer.lockupCurrent + newRate * rail.lockupPeriod - oldRate * rail.lockupPeriod;
        rail.paymentRate = newRate;
        emit RailRateModified(railId, oldRate, newRate);
    }

    function _payOnce(uint256 railId, uint256 amount) private {
        RailView storage rail = rails[railId];
        if (amount > rail.lockupFixed) {
            revert OneTimePaymentExceedsLockup(railId, rail.lockupFixed, amount);
        }
        rail.lockupFixed -= amount;
        _spendLockup(_approvalOf(rail), amount);
        (uint256 net, uint256 commission, uint256 networkFee) = _payOut(rail, amount);
        emit RailOneTimePaymentProcessed(railId, net, commission, networkFee);
    }

    function _requirePeriodAllowed(RailView storage rail, uint256 period) private view {
        uint256 allowed = _approvalOf(rail).maxLockupPeriod;
        if (period > rail.lockupPeriod && period > allowed) {
            revert LockupPeriodExceedsOperatorMaximum(rail.token, rail.operator, allowed, period);
        }
    }
}
