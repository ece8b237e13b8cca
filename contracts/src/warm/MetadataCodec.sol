// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @notice Keys and values as one byte string, each with its length in one byte before it. A node
/// hashes every storage slot for every block, so a third of the slots is a third of the work.
library MetadataCodec {
    function pack(string[] memory keys, string[] memory values)
        internal
        pure
        returns (bytes memory packed)
    {
        for (uint256 i = 0; i < keys.length; i++) {
            packed = abi.encodePacked(
                packed,
                uint8(bytes(keys[i]).length),
                keys[i],
                uint8(bytes(values[i]).length),
                values[i]
            );
        }
    }

    function unpack(bytes memory packed)
        internal
        pure
        returns (string[] memory keys, string[] memory values)
    {
        uint256 count = _count(packed);
        (keys, values) = (new string[](count), new string[](count));
        uint256 offset;
        for (uint256 i = 0; i < count; i++) {
            (keys[i], offset) = _read(packed, offset);
            (values[i], offset) = _read(packed, offset);
        }
    }

    function _count(bytes memory packed) private pure returns (uint256 pairs) {
        uint256 strings;
        for (uint256 offset = 0; offset < packed.length; strings++) {
            offset += 1 + uint8(packed[offset]);
        }
        return strings / 2;
    }

    function _read(bytes memory packed, uint256 offset)
        private
        pure
        returns (string memory text, uint256 next)
    {
        uint256 length = uint8(packed[offset]);
        bytes memory found = new bytes(length);
        for (uint256 i = 0; i < length; i++) {
            found[i] = packed[offset + 1 + i];
        }
        return (string(found), offset + 1 + length);
    }
}
