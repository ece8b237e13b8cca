// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Account, IToken} from "./PayTypes.sol";

/// @notice Funds of each owner, and how much of them its rails have locked by now.
abstract contract PayAccounts {
    mapping(address token => mapping(address owner => Account)) public accounts;

    event DepositRecorded(
        address indexed token, address indexed from, address indexed to, uint256 amount
    );
    event WithdrawRecorded(
        address indexed token, address indexed from, address indexed to, uint256 amount
    );
    event AccountLockupSettled(
        address indexed token,
        address indexed owner,
        uint256 lockupCurrent,
        uint256 lockupRate,
        uint256 lockupLastSettledAt
    );

    error InsufficientUnlockedFunds(uint256 available, uint256 requested);
    error LockupExceedsFundsInvariant(
        address token, address account, uint256 lockupCurrent, uint256 funds
    );
    error SignerMustBeMsgSender(address expected, address actual);
    error ZeroAddressNotAllowed(string varName);

    function deposit(address token, address to, uint256 amount) external {
        _deposit(token, to, amount);
    }

    function depositWithPermit(
        address token,
        address to,
        uint256 amount,
        uint256 deadline,
        uint8 v,
        bytes32 r,
        bytes32 s
    ) external {
        _depositWithPermit(token, to, amount, deadline, v, r, s);
    }

    function withdraw(address token, uint256 amount) external {
        _withdraw(token, msg.sender, amount);
    }

    function withdrawTo(address token, address to, uint256 amount) external {
        _withdraw(token, to, amount);
    }

    function getAccountInfoIfSettled(address token, address owner)
        external
        view
        returns (
            uint256 fundedUntilEpoch,
            uint256 currentFunds,
            uint256 availableFunds,
            uint256 currentLockupRate
        )
    {
        Account memory account = accounts[token][owner];
        fundedUntilEpoch = _fundedUntil(account);
        uint256 until = _settledUntil(account, fundedUntilEpoch);
        uint256 locked =
            account.lockupCurrent + account.lockupRate * (until - account.lockupLastSettledAt);
        return (fundedUntilEpoch, account.funds, account.funds - locked, account.lockupRate);
    }

    function _depositWithPermit(
        address token,
        address to,
        uint256 amount,
        uint256 deadline,
        uint8 v,
        bytes32 r,
        bytes32 s
    ) internal {
        if (to != msg.sender) revert SignerMustBeMsgSender(msg.sender, to);
        IToken(token).permit(to, address(this), amount, deadline, v, r, s);
        _deposit(token, to, amount);
    }

    /// @dev Locks what the rails have earned since the last time, as far as the funds reach.
    function _settleLockup(address token, address owner) internal returns (bool upToDate) {
        Account storage account = accounts[token][owner];
        uint256 funded = _fundedUntil(account);
        uint256 until = _settledUntil(account, funded);
        account.lockupCurrent += account.lockupRate * (until - account.lockupLastSettledAt);
        account.lockupLastSettledAt = until;
        emit AccountLockupSettled(token, owner, account.lockupCurrent, account.lockupRate, until);
        return until >= block.number;
    }

    function _requireCovered(address token, address owner) internal view {
        Account storage account = accounts[token][owner];
        if (account.lockupCurrent > account.funds) {
            revert LockupExceedsFundsInvariant(token, owner, account.lockupCurrent, account.funds);
        }
    }

    function _deposit(address token, address to, uint256 amount) private {
        if (to == address(0)) revert ZeroAddressNotAllowed("to");
        _settleLockup(token, to);
        accounts[token][to].funds += amount;
        require(IToken(token).transferFrom(msg.sender, address(this), amount), "Transfer failed");
        emit DepositRecorded(token, msg.sender, to, amount);
    }

    function _withdraw(address token, address to, uint256 amount) private {
        _settleLockup(token, msg.sender);
        Account storage account = accounts[token][msg.sender];
        uint256 available = account.funds - account.lockupCurrent;
        if (amount > available) revert InsufficientUnlockedFunds(available, amount);
        account.funds -= amount;
        require(IToken(token).transfer(to, amount), "Transfer failed");
        emit WithdrawRecorded(token, msg.sender, to, amount);
    }

    /// @dev Never before the last time: while anvil mines, it may answer a call or an estimate from
    /// the new state with the number of the old block.
    function _settledUntil(Account memory account, uint256 funded) private view returns (uint256) {
        uint256 until = funded < block.number ? funded : block.number;
        return until < account.lockupLastSettledAt ? account.lockupLastSettledAt : until;
    }

    function _fundedUntil(Account memory account) private pure returns (uint256) {
        if (account.lockupRate == 0) return type(uint256).max;
        return account.lockupLastSettledAt
            + (account.funds - account.lockupCurrent) / account.lockupRate;
    }
}
