// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

interface IToken {
    function transfer(address to, uint256 value) external returns (bool);
    function transferFrom(address from, address to, uint256 value) external returns (bool);
    function permit(
        address owner,
        address spender,
        uint256 value,
        uint256 deadline,
        uint8 v,
        bytes32 r,
        bytes32 s
    ) external;
}

interface IValidator {
    /// @notice Tells the service that one of its rails ends at `endEpoch`.
    function railTerminated(uint256 railId, address terminator, uint256 endEpoch) external;
}

struct Account {
    uint256 funds;
    uint256 lockupCurrent;
    uint256 lockupRate;
    uint256 lockupLastSettledAt;
}

struct OperatorApproval {
    bool isApproved;
    uint256 rateAllowance;
    uint256 lockupAllowance;
    uint256 rateUsage;
    uint256 lockupUsage;
    uint256 maxLockupPeriod;
}

struct RailView {
    address token;
    address from;
    address to;
    address operator;
    address validator;
    uint256 paymentRate;
    uint256 lockupPeriod;
    uint256 lockupFixed;
    uint256 settledUpTo;
    uint256 endEpoch;
    uint256 commissionRateBps;
    address serviceFeeRecipient;
}

struct RailInfo {
    uint256 railId;
    bool isTerminated;
    uint256 endEpoch;
}
