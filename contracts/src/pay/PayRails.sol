// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {PayOperators} from "./PayOperators.sol";
import {Account, OperatorApproval, RailInfo, RailView} from "./PayTypes.sol";

/// @notice The streams of payment: where they are kept, made and read, and how they pay out.
abstract contract PayRails is PayOperators {
    uint256 public constant COMMISSION_MAX_BPS = 10_000;
    uint256 public constant NETWORK_FEE_NUMERATOR = 1;
    uint256 public constant NETWORK_FEE_DENOMINATOR = 200;

    uint256 internal railCount;
    mapping(uint256 => RailView) internal rails;
    mapping(address token => mapping(address payer => uint256[])) private railsOfPayer;
    mapping(address token => mapping(address payee => uint256[])) private railsOfPayee;

    event RailCreated(
        uint256 indexed railId,
        address indexed payer,
        address indexed payee,
        address token,
        address operator,
        address validator,
        address serviceFeeRecipient,
        uint256 commissionRateBps
    );
    event RailSettled(
        uint256 indexed railId,
        uint256 totalSettledAmount,
        uint256 totalNetPayeeAmount,
        uint256 operatorCommission,
        uint256 networkFee,
        uint256 settledUpTo
    );
    event RailFinalized(uint256 indexed railId);

    error RailInactiveOrSettled(uint256 railId);
    error OnlyRailOperatorAllowed(address expected, address caller);
    error CommissionRateTooHigh(uint256 maxAllowed, uint256 provided);

    modifier onlyOperator(uint256 railId) {
        address operator = _rail(railId).operator;
        if (operator != msg.sender) revert OnlyRailOperatorAllowed(operator, msg.sender);
        _;
    }

    function createRail(
        address token,
        address from,
        address to,
        address validator,
        uint256 commissionRateBps,
        address serviceFeeRecipient
    ) external returns (uint256 railId) {
        if (!operatorApprovals[token][from][msg.sender].isApproved) {
            revert OperatorNotApproved(from, msg.sender);
        }
        if (commissionRateBps > COMMISSION_MAX_BPS) {
            revert CommissionRateTooHigh(COMMISSION_MAX_BPS, commissionRateBps);
        }
        railId = ++railCount;
        RailView storage rail = rails[railId];
        (rail.token, rail.from, rail.to) = (token, from, to);
        (rail.operator, rail.validator) = (msg.sender, validator);
        (rail.commissionRateBps, rail.serviceFeeRecipient) = (commissionRateBps, serviceFeeRecipient);
        rail.settledUpTo = block.number;
        railsOfPayer[token][from].push(railId);
        railsOfPayee[token][to].push(railId);
        emit RailCreated(
            railId, from, to, token, msg.sender, validator, serviceFeeRecipient, commissionRateBps
        );
    }

    function getRail(uint256 railId) external view returns (RailView memory) {
        return _rail(railId);
    }

    function getRailsForPayerAndToken(address payer, address token, uint256 offset, uint256 limit)
        external
        view
        returns (RailInfo[] memory results, uint256 nextOffset, uint256 total)
    {
        return _page(railsOfPayer[token][payer], offset, limit);
    }

    function getRailsForPayeeAndToken(address payee, address token, uint256 offset, uint256 limit)
        external
        view
        returns (RailInfo[] memory results, uint256 nextOffset, uint256 total)
    {
        return _page(railsOfPayee[token][payee], offset, limit);
    }

    function _rail(uint256 railId) internal view returns (RailView storage rail) {
        rail = rails[railId];
        if (rail.from == address(0)) revert RailInactiveOrSettled(railId);
    }

    function _approvalOf(RailView storage rail) internal view returns (OperatorApproval storage) {
        return operatorApprovals[rail.token][rail.from][rail.operator];
    }

    /// @dev Moves locked funds of the payer to the payee, less commission and network fee.
    function _payOut(RailView storage rail, uint256 amount)
        internal
        returns (uint256 net, uint256 commission, uint256 networkFee)
    {
        Account storage payer = accounts[rail.token][rail.from];
        payer.funds -= amount;
        payer.lockupCurrent -= amount;
        networkFee = (amount * NETWORK_FEE_NUMERATOR + NETWORK_FEE_DENOMINATOR - 1)
            / NETWORK_FEE_DENOMINATOR;
        commission = (amount - networkFee) * rail.commissionRateBps / COMMISSION_MAX_BPS;
        net = amount - networkFee - commission;
        accounts[rail.token][address(this)].funds += networkFee;
        accounts[rail.token][rail.serviceFeeRecipient].funds += commission;
        accounts[rail.token][rail.to].funds += net;
    }

    /// @dev Pays what was earned up to `until`; a terminated rail that reaches its end is finalized.
    function _settleRail(uint256 railId, uint256 until)
        internal
        returns (uint256 total, uint256 net, uint256 commission, uint256 networkFee)
    {
        RailView storage rail = rails[railId];
        if (until > rail.settledUpTo) {
            total = rail.paymentRate * (until - rail.settledUpTo);
            rail.settledUpTo = until;
            (net, commission, networkFee) = _payOut(rail, total);
            emit RailSettled(railId, total, net, commission, networkFee, until);
        }
        if (rail.endEpoch != 0 && rail.settledUpTo >= rail.endEpoch) _finalize(railId);
    }

    function _finalize(uint256 railId) private {
        RailView storage rail = rails[railId];
        accounts[rail.token][rail.from].lockupCurrent -= rail.lockupFixed;
        _useLockup(
            _approvalOf(rail), rail.lockupFixed + rail.paymentRate * rail.lockupPeriod, 0
        );
        delete rails[railId];
        emit RailFinalized(railId);
    }

    function _page(uint256[] storage ids, uint256 offset, uint256 limit)
        private
        view
        returns (RailInfo[] memory results, uint256 nextOffset, uint256 total)
    {
        total = ids.length;
        nextOffset = limit == 0 ? total : _min(total, offset + limit);
        uint256 kept;
        results = new RailInfo[](nextOffset > offset ? nextOffset - offset : 0);
        for (uint256 i = offset; i < nextOffset; i++) {
            RailView storage rail = rails[ids[i]];
            if (rail.from == address(0)) continue;
            results[kept++] = RailInfo(ids[i], rail.endEpoch != 0, rail.endEpoch);
        }
        assembly {
            mstore(results, kept)
        }
    }
}
