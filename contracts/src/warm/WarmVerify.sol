// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {WarmErrors} from "./WarmErrors.sol";
import {WarmStore} from "./WarmStore.sol";

/// @notice Accepts a message signed by the payer, or by a session key the payer has authorized.
abstract contract WarmVerify is WarmStore {
    string private constant NAME = "FilecoinWarmStorageService";
    string private constant VERSION = "1";
    bytes32 private constant DOMAIN_TYPEHASH =
        keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)");

    /// @notice The signing domain, as ERC-5267 has it.
    function eip712Domain()
        external
        view
        returns (
            bytes1 fields,
            string memory name,
            string memory version,
            uint256 chainId,
            address verifyingContract,
            bytes32 salt,
            uint256[] memory extensions
        )
    {
        return
            (hex"0f", NAME, VERSION, block.chainid, address(this), bytes32(0), new uint256[](0));
    }

    function _verify(address payer, bytes32 permission, bytes32 structHash, bytes memory signature)
        internal
        view
    {
        bytes32 domain = keccak256(
            abi.encode(
                DOMAIN_TYPEHASH,
                keccak256(bytes(NAME)),
                keccak256(bytes(VERSION)),
                block.chainid,
                address(this)
            )
        );
        bytes32 digest = keccak256(abi.encodePacked(hex"1901", domain, structHash));
        address signer = _recover(digest, signature);
        if (signer != address(0)) {
            if (signer == payer) return;
            if (_sessionKeys().authorizationExpiry(payer, signer, permission) >= block.timestamp) {
                return;
            }
        }
        revert WarmErrors.InvalidSignature(payer, signer);
    }

    /// @dev `r || s || v`; v may be 0 or 1 as well as 27 or 28.
    function _recover(bytes32 digest, bytes memory signature) private pure returns (address) {
        if (signature.length != 65) {
            revert WarmErrors.InvalidSignatureLength(65, signature.length);
        }
        bytes32 r;
        bytes32 s;
        uint8 v;
        assembly {
            r := mload(add(signature, 32))
            s := mload(add(signature, 64))
            v := byte(0, mload(add(signature, 96)))
        }
        return ecrecover(digest, v < 27 ? v + 27 : v, r, s);
    }
}
