// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Prices} from "./Prices.sol";
import {WarmErrors} from "./WarmErrors.sol";
import {WarmStore} from "./WarmStore.sol";
import {DataSetInfo} from "./WarmTypes.sol";

/// @notice The rails of a data set: opening, pricing, feeing and ending them. Fees gather in the
/// data set and are paid from its lifecycle reserve whenever the rate is set anew.
abstract contract WarmPayments is WarmStore {
    event RailRateUpdated(uint256 indexed dataSetId, uint256 railId, uint256 newRate);
    event PDPPaymentTerminated(uint256 indexed dataSetId, uint256 endEpoch, uint256 pdpRailId);

    /// @notice Called by the payments contract whoever terminates the storage rail.
    function railTerminated(uint256 railId, address, uint256 endEpoch) external {
        if (msg.sender != paymentsContractAddress) {
            revert WarmErrors.CallerNotPayments(paymentsContractAddress, msg.sender);
        }
        uint256 dataSetId = dataSetOfRail[railId];
        DataSetInfo storage info = dataSets[dataSetId];
        if (info.pdpRailId != railId) return;
        info.pdpEndEpoch = endEpoch;
        emit PDPPaymentTerminated(dataSetId, endEpoch, railId);
    }

    function _openRails(uint256 dataSetId, DataSetInfo storage info, bool withCDN) internal {
        _requireMeans(info.payer, withCDN);
        info.pdpRailId = _openRail(dataSetId, info.payer, info.payee, address(this));
        _pay().modifyRailLockup(info.pdpRailId, Prices.LOCKUP_PERIOD, Prices.LIFECYCLE_RESERVE);
        info.lifecycleReserveBalance = uint96(Prices.LIFECYCLE_RESERVE);
        if (!withCDN) return;
        info.cacheMissRailId = _openRail(dataSetId, info.payer, info.payee, address(0));
        _pay().modifyRailLockup(
            info.cacheMissRailId, Prices.CDN_LOCKUP_PERIOD, Prices.CACHE_MISS_LOCKUP
        );
        info.cdnRailId = _openRail(dataSetId, info.payer, filBeamBeneficiaryAddress, address(0));
        _pay().modifyRailLockup(info.cdnRailId, Prices.CDN_LOCKUP_PERIOD, Prices.CDN_LOCKUP);
    }

    function _owe(DataSetInfo storage info, uint256 fee) internal {
        info.pendingOneTimePayments += uint96(fee);
    }

    /// @dev Sets the rate for what the data set holds now, and pays the pending fees.
    function _reprice(uint256 dataSetId, DataSetInfo storage info) internal {
        _replenish(info);
        uint256 rate = Prices.ratePerEpoch(_leafCount(dataSetId));
        uint256 oldRate = _pay().getRail(info.pdpRailId).paymentRate;
        if (rate > oldRate) _requireFunds(info.payer, (rate - oldRate) * Prices.LOCKUP_PERIOD);
        _payPending(info, rate);
        if (rate != oldRate) emit RailRateUpdated(dataSetId, info.pdpRailId, rate);
    }

    function _payPending(DataSetInfo storage info, uint256 rate) internal {
        uint96 pending = info.pendingOneTimePayments;
        info.pendingOneTimePayments = 0;
        info.lifecycleReserveBalance -= pending;
        _pay().modifyRailPayment(info.pdpRailId, rate, pending);
    }

    function _replenish(DataSetInfo storage info) internal {
        uint96 pending = info.pendingOneTimePayments;
        if (info.lifecycleReserveBalance >= pending + Prices.REPLENISH_THRESHOLD) return;
        uint256 target = Prices.LIFECYCLE_RESERVE + pending;
        _requireFunds(info.payer, target - info.lifecycleReserveBalance);
        _pay().modifyRailLockup(info.pdpRailId, Prices.LOCKUP_PERIOD, target);
        info.lifecycleReserveBalance = uint96(target);
    }

    function _endRails(DataSetInfo storage info) internal {
        _pay().terminateRail(info.pdpRailId);
        if (info.cdnRailId == 0) return;
        _pay().terminateRail(info.cacheMissRailId);
        _pay().terminateRail(info.cdnRailId);
    }

    /// @dev Releases the locked months first, so that the rails end in this block.
    function _endRailsNow(DataSetInfo storage info) internal {
        (uint256 fundedUntil,,,) = _pay().getAccountInfoIfSettled(usdfcTokenAddress, info.payer);
        if (fundedUntil < block.number) revert WarmErrors.PayerInDebt(info.payer, fundedUntil);
        _replenish(info);
        _payPending(info, _pay().getRail(info.pdpRailId).paymentRate);
        info.lifecycleReserveBalance = 0;
        _pay().modifyRailLockup(info.pdpRailId, 0, 0);
        if (info.cdnRailId != 0) {
            _pay().modifyRailLockup(info.cacheMissRailId, 0, 0);
            _pay().modifyRailLockup(info.cdnRailId, 0, 0);
        }
        _endRails(info);
    }

    function _openRail(uint256 dataSetId, address payer, address payee, address validator)
        private
        returns (uint256 railId)
    {
        railId = _pay().createRail(usdfcTokenAddress, payer, payee, validator, 0, address(this));
        dataSetOfRail[railId] = dataSetId;
    }

    function _requireMeans(address payer, bool withCDN) private view {
        uint256 lockup = Prices.LIFECYCLE_RESERVE + Prices.DATA_SET_FEE_PER_MONTH;
        if (withCDN) lockup += Prices.CDN_LOCKUP + Prices.CACHE_MISS_LOCKUP;
        _requireFunds(payer, lockup);
        _requireApproval(payer, lockup);
    }

    function _requireFunds(address payer, uint256 required) private view {
        (,, uint256 available,) = _pay().getAccountInfoIfSettled(usdfcTokenAddress, payer);
        if (available < required) {
            revert WarmErrors.InsufficientLockupFunds(payer, required, available);
        }
    }

    function _requireApproval(address payer, uint256 lockup) private view {
        (
            bool isApproved,
            uint256 rateAllowance,
            uint256 lockupAllowance,
            uint256 rateUsage,
            uint256 lockupUsage,
            uint256 maxPeriod
        ) = _pay().operatorApprovals(usdfcTokenAddress, payer, address(this));
        uint256 rate = Prices.DATA_SET_FEE_PER_MONTH / Prices.EPOCHS_PER_MONTH;
        if (!isApproved) revert WarmErrors.OperatorNotApproved(payer, address(this));
        if (rateAllowance < rateUsage + rate) {
            revert WarmErrors.InsufficientRateAllowance(
                payer, address(this), rateAllowance, rateUsage, rate
            );
        }
        if (lockupAllowance < lockupUsage + lockup) {
            revert WarmErrors.InsufficientLockupAllowance(
                payer, address(this), lockupAllowance, lockupUsage, lockup
            );
        }
        if (maxPeriod < Prices.LOCKUP_PERIOD) {
            revert WarmErrors.InsufficientMaxLockupPeriod(
                payer, address(this), maxPeriod, Prices.LOCKUP_PERIOD
            );
        }
    }
}
