// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @notice A contract with one owner, who deploys it.
abstract contract Owned {
    address public owner = msg.sender;

    error OwnableUnauthorizedAccount(address account);

    modifier onlyOwner() {
        if (msg.sender != owner) revert OwnableUnauthorizedAccount(msg.sender);
        _;
    }

    function transferOwnership(address newOwner) external onlyOwner {
        owner = newOwner;
    }
}
