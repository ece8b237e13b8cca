// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Owned} from "../Owned.sol";

/// @notice Provider ids that the owner endorses.
contract ProviderIdSet is Owned {
    uint256[] private ids;
    mapping(uint256 => uint256) private positions; // one-based, 0 means absent

    function addProviderId(uint256 providerId) external onlyOwner {
        if (positions[providerId] != 0) return;
        ids.push(providerId);
        positions[providerId] = ids.length;
    }

    function removeProviderId(uint256 providerId) external onlyOwner {
        uint256 position = positions[providerId];
        if (position == 0) return;
        uint256 last = ids[ids.length - 1];
        ids[position - 1] = last;
        positions[last] = position;
        ids.pop();
        delete positions[providerId];
    }

    function getProviderIds() external view returns (uint256[] memory) {
        return ids;
    }

    function containsProviderId(uint256 providerId) external view returns (bool) {
        return positions[providerId] != 0;
    }
}
