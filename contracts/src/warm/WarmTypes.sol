// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

struct DataSetInfo {
    uint256 pdpRailId;
    uint256 cacheMissRailId;
    uint256 cdnRailId;
    address payer;
    address payee;
    address serviceProvider;
    uint256 commissionBps;
    uint256 clientDataSetId;
    uint256 pdpEndEpoch;
    uint256 providerId;
    uint96 pendingOneTimePayments;
    uint96 lifecycleReserveBalance;
}

struct DataSetInfoView {
    uint256 pdpRailId;
    uint256 cacheMissRailId;
    uint256 cdnRailId;
    address payer;
    address payee;
    address serviceProvider;
    uint256 commissionBps;
    uint256 clientDataSetId;
    uint256 pdpEndEpoch;
    uint256 providerId;
    uint96 pendingOneTimePayments;
    uint96 lifecycleReserveBalance;
    uint256 dataSetId;
}

struct PriceRates {
    uint256 storagePerTibPerMonth;
    uint256 datasetFeePerMonth;
    uint256 cdnEgressPerTib;
    uint256 cacheMissEgressPerTib;
}

struct PriceFees {
    uint256 createDataSetFee;
    uint256 addPiecesBaseFee;
    uint256 addPiecesPerPieceFee;
    uint256 schedulePieceRemovalsFee;
    uint256 terminateFee;
}

struct PriceLockups {
    uint256 lifecycleReserveTarget;
    uint256 replenishThreshold;
    uint256 defaultLockupPeriod;
    uint256 cdnLockupAmount;
    uint256 cacheMissLockupAmount;
    uint256 cdnLockupPeriod;
}

struct PriceList {
    address token;
    PriceRates rates;
    PriceFees fees;
    PriceLockups lockups;
}

/// @dev Predates the price list; its last field was a minimum price before there was a fee.
struct ServicePricing {
    uint256 pricePerTiBPerMonthNoCDN;
    uint256 pricePerTiBCdnEgress;
    uint256 pricePerTiBCacheMissEgress;
    address tokenAddress;
    uint256 epochsPerMonth;
    uint256 datasetFeePerMonth;
}
