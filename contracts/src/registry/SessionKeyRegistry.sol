// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @notice Which keys may sign for a wallet, for which EIP-712 types, until when (unix seconds).
contract SessionKeyRegistry {
    mapping(address => mapping(address => mapping(bytes32 => uint256))) private expiries;

    event AuthorizationsUpdated(
        address indexed identity, address signer, uint256 expiry, bytes32[] permissions, string origin
    );

    function login(
        address signer,
        uint256 expiry,
        bytes32[] calldata permissions,
        string calldata origin
    ) external {
        _set(signer, expiry, permissions, origin);
    }

    function loginAndFund(
        address payable signer,
        uint256 expiry,
        bytes32[] calldata permissions,
        string calldata origin
    ) external payable {
        _set(signer, expiry, permissions, origin);
        (bool sent,) = signer.call{value: msg.value}("");
        require(sent, "Funding the session key failed");
    }

    function revoke(address signer, bytes32[] calldata permissions, string calldata origin) external {
        _set(signer, 0, permissions, origin);
    }

    function authorizationExpiry(address user, address signer, bytes32 permission)
        external
        view
        returns (uint256)
    {
        return expiries[user][signer][permission];
    }

    function _set(
        address signer,
        uint256 expiry,
        bytes32[] calldata permissions,
        string calldata origin
    ) private {
        for (uint256 i = 0; i < permissions.length; i++) {
            expiries[msg.sender][signer][permissions[i]] = expiry;
        }
        emit AuthorizationsUpdated(msg.sender, signer, expiry, permissions, origin);
    }
}
