// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {MetadataCodec} from "./MetadataCodec.sol";
import {WarmErrors} from "./WarmErrors.sol";
import {WarmStore} from "./WarmStore.sol";

/// @notice Keys and values of data sets and pieces; limits are in bytes.
abstract contract WarmMetadata is WarmStore {
    uint256 private constant MAX_KEY_BYTES = 32;
    uint256 private constant MAX_VALUE_BYTES = 96;
    uint256 internal constant MAX_DATA_SET_KEYS = 10;
    uint256 internal constant MAX_PIECE_KEYS = 3;

    mapping(uint256 => bytes) internal dataSetMetadata;
    mapping(uint256 => mapping(uint256 => bytes)) internal pieceMetadata;

    function _packChecked(
        uint256 dataSetId,
        uint256 maxKeys,
        string[] memory keys,
        string[] memory values
    ) internal pure returns (bytes memory) {
        if (keys.length != values.length) {
            revert WarmErrors.MetadataKeyAndValueLengthMismatch(keys.length, values.length);
        }
        if (keys.length > maxKeys) revert WarmErrors.TooManyMetadataKeys(maxKeys, keys.length);
        for (uint256 i = 0; i < keys.length; i++) {
            _checkLengths(i, bytes(keys[i]).length, bytes(values[i]).length);
            if (bytes(keys[i]).length > 0 && _has(keys, i, keys[i])) {
                revert WarmErrors.DuplicateMetadataKey(dataSetId, keys[i]);
            }
        }
        return MetadataCodec.pack(keys, values);
    }

    /// @dev Whether one of the first `count` keys is `wanted`.
    function _has(string[] memory keys, uint256 count, string memory wanted)
        internal
        pure
        returns (bool)
    {
        for (uint256 i = 0; i < count; i++) {
            if (keccak256(bytes(keys[i])) == keccak256(bytes(wanted))) return true;
        }
        return false;
    }

    function _checkLengths(uint256 index, uint256 keyBytes, uint256 valueBytes) private pure {
        if (keyBytes > MAX_KEY_BYTES) {
            revert WarmErrors.MetadataKeyExceedsMaxLength(index, MAX_KEY_BYTES, keyBytes);
        }
        if (valueBytes > MAX_VALUE_BYTES) {
            revert WarmErrors.MetadataValueExceedsMaxLength(index, MAX_VALUE_BYTES, valueBytes);
        }
    }
}
