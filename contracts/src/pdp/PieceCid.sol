// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

struct Cid {
    bytes data;
}

error IndexedError(uint256 idx, string msg);

/// @notice Reads binary PieceCIDs v2 (FRC-0069): a fixed prefix, then the digest
/// `uvarint(padding) || height || root`.
library PieceCid {
    bytes4 internal constant PREFIX = 0x01559120;
    uint256 internal constant MAX_HEIGHT = 50;
    uint256 private constant ROOT_BYTES = 32;
    uint256 private constant LEAF_BYTES = 32;

    /// @notice The 32-byte leaves that hold payload: those of the tree less those of the padding.
    function leafCount(Cid calldata cid, uint256 index) internal pure returns (uint256) {
        bytes calldata data = cid.data;
        if (data.length < 4 || bytes4(data[:4]) != PREFIX) {
            revert IndexedError(index, "Cid must be CommPv2");
        }
        (uint256 digestBytes, uint256 offset) = _uvarint(data, 4, index);
        if (data.length - offset != digestBytes) revert IndexedError(index, "Cid has a wrong length");
        uint256 padding;
        (padding, offset) = _uvarint(data, offset, index);
        if (data.length != offset + 1 + ROOT_BYTES) {
            revert IndexedError(index, "Cid has a wrong length");
        }
        uint256 height = uint8(data[offset]);
        if (height < 2) revert IndexedError(index, "Piece is too small");
        if (height > MAX_HEIGHT) revert IndexedError(index, "Piece size must be less than 2^50");
        uint256 paddedPadding = padding * 128 / 127;
        if (paddedPadding >= LEAF_BYTES << height) {
            revert IndexedError(index, "Padding is too large");
        }
        return (1 << height) - paddedPadding / LEAF_BYTES;
    }

    /// @dev Unsigned LEB128 of at most nine bytes, as multiformats has it.
    function _uvarint(bytes calldata data, uint256 offset, uint256 index)
        private
        pure
        returns (uint256 value, uint256 next)
    {
        for (uint256 i = 0; i < 9 && offset + i < data.length; i++) {
            uint256 byteValue = uint8(data[offset + i]);
            value |= (byteValue & 0x7f) << (7 * i);
            if (byteValue < 0x80) return (value, offset + i + 1);
        }
        revert IndexedError(index, "Cid has a broken varint");
    }
}
