// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {PriceFees, PriceList, PriceLockups, PriceRates} from "./WarmTypes.sol";

/// @notice What storage costs, in the smallest unit of USDFC, and the arithmetic on it.
library Prices {
    uint256 internal constant STORAGE_PER_TIB_PER_MONTH = 2.5e18;
    uint256 internal constant DATA_SET_FEE_PER_MONTH = 0.024e18;
    uint256 internal constant CDN_EGRESS_PER_TIB = 7e18;
    uint256 internal constant CACHE_MISS_EGRESS_PER_TIB = 7e18;

    uint256 internal constant CREATE_DATA_SET_FEE = 0.025e18;
    uint256 internal constant ADD_PIECES_BASE_FEE = 0.0005e18;
    uint256 internal constant ADD_PIECES_PER_PIECE_FEE = 0.0003e18;
    uint256 internal constant SCHEDULE_REMOVALS_FEE = 0.002e18;
    uint256 internal constant TERMINATE_FEE = 0.00112e18;

    uint256 internal constant LIFECYCLE_RESERVE = 0.1e18;
    uint256 internal constant REPLENISH_THRESHOLD = 0.005e18;
    uint256 internal constant LOCKUP_PERIOD = 86_400;
    uint256 internal constant CDN_LOCKUP = 0.7e18;
    uint256 internal constant CACHE_MISS_LOCKUP = 0.3e18;
    uint256 internal constant CDN_LOCKUP_PERIOD = 14_400;

    uint256 internal constant EPOCHS_PER_MONTH = 86_400;

    function list(address token) internal pure returns (PriceList memory) {
        return PriceList(
            token,
            PriceRates(
                STORAGE_PER_TIB_PER_MONTH,
                DATA_SET_FEE_PER_MONTH,
                CDN_EGRESS_PER_TIB,
                CACHE_MISS_EGRESS_PER_TIB
            ),
            PriceFees(
                CREATE_DATA_SET_FEE,
                ADD_PIECES_BASE_FEE,
                ADD_PIECES_PER_PIECE_FEE,
                SCHEDULE_REMOVALS_FEE,
                TERMINATE_FEE
            ),
            PriceLockups(
                LIFECYCLE_RESERVE,
                REPLENISH_THRESHOLD,
                LOCKUP_PERIOD,
                CDN_LOCKUP,
                CACHE_MISS_LOCKUP,
                CDN_LOCKUP_PERIOD
            )
        );
    }

    /// @notice USDFC an epoch for a whole data set; an empty one costs nothing.
    function ratePerEpoch(uint256 leafCount) internal pure returns (uint256) {
        if (leafCount == 0) return 0;
        uint256 payloadBytes = leafCount * 32 * 127 / 128;
        return payloadBytes * STORAGE_PER_TIB_PER_MONTH / (2 ** 40 * EPOCHS_PER_MONTH)
            + DATA_SET_FEE_PER_MONTH / EPOCHS_PER_MONTH;
    }
}
