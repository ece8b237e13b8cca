// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {WarmErrors} from "./WarmErrors.sol";
import {WarmStore} from "./WarmStore.sol";

/// @notice Keys and values of data sets and pieces; limits are in bytes.
abstract contract WarmMetadata is WarmStore {
    uint256 private constant MAX_KEY_BYTES = 32;
    uint256 private constant MAX_VALUE_BYTES = 96;
    uint256 internal constant MAX_DATA_SET_KEYS = 10;
    uint256 internal constant MAX_PIECE_KEYS = 3;

    struct Metadata {
        string[] keys;
        mapping(string => string) values;
        mapping(string => bool) present;
    }

    mapping(uint256 => Metadata) internal dataSetMetadata;
    mapping(uint256 => mapping(uint256 => Metadata)) internal pieceMetadata;

    function _describe(
        Metadata storage metadata,
        uint256 dataSetId,
        uint256 maxKeys,
        string[] memory keys,
        string[] memory values
    ) internal {
        if (keys.length != values.length) {
            revert WarmErrors.MetadataKeyAndValueLengthMismatch(keys.length, values.length);
        }
        if (keys.length > maxKeys) revert WarmErrors.TooManyMetadataKeys(maxKeys, keys.length);
        for (uint256 i = 0; i < keys.length; i++) {
            _checkLengths(i, bytes(keys[i]).length, bytes(values[i]).length);
            if (metadata.present[keys[i]]) {
                if (bytes(keys[i]).length == 0) continue;
                revert WarmErrors.DuplicateMetadataKey(dataSetId, keys[i]);
            }
            metadata.keys.push(keys[i]);
            metadata.values[keys[i]] = values[i];
            metadata.present[keys[i]] = true;
        }
    }

    function _forget(Metadata storage metadata) internal {
        for (uint256 i = 0; i < metadata.keys.length; i++) {
            delete metadata.values[metadata.keys[i]];
            delete metadata.present[metadata.keys[i]];
        }
        delete metadata.keys;
    }

    function _all(Metadata storage metadata)
        internal
        view
        returns (string[] memory keys, string[] memory values)
    {
        keys = metadata.keys;
        values = new string[](keys.length);
        for (uint256 i = 0; i < keys.length; i++) {
            values[i] = metadata.values[keys[i]];
        }
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
