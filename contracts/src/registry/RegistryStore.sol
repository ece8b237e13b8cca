// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ProductType, ProviderWithProduct, ServiceProduct, ServiceProviderInfo} from "./RegistryTypes.sol";

/// @notice What the registry keeps, and the limits it keeps to.
abstract contract RegistryStore {
    uint256 public constant REGISTRATION_FEE = 5 ether;
    uint256 public constant MAX_CAPABILITIES = 24;
    uint256 public constant MAX_CAPABILITY_KEY_LENGTH = 32;
    uint256 public constant MAX_CAPABILITY_VALUE_LENGTH = 128;
    uint256 public constant MAX_NAME_LENGTH = 128;
    uint256 public constant MAX_DESCRIPTION_LENGTH = 256;

    uint256 internal count;
    mapping(uint256 => ServiceProviderInfo) internal infos;
    mapping(uint256 => ServiceProduct) internal products;
    mapping(uint256 => bytes[]) internal productValues;
    mapping(address => uint256) internal idOf;

    function _known(uint256 id) internal view {
        require(id > 0 && id <= count, "Provider does not exist");
    }

    function _active(uint256 id) internal view {
        _known(id);
        require(infos[id].isActive, "Provider not found");
    }

    function _withProduct(uint256 id) internal view returns (ProviderWithProduct memory) {
        return ProviderWithProduct(id, infos[id], products[id], productValues[id]);
    }

    function _setProduct(
        uint256 id,
        ProductType productType,
        string[] calldata keys,
        bytes[] calldata values
    ) internal {
        require(keys.length == values.length, "Keys and values must have same length");
        require(keys.length > 0, "At least one capability is required");
        require(keys.length <= MAX_CAPABILITIES, "Too many capabilities");
        for (uint256 i = 0; i < keys.length; i++) {
            uint256 keyLength = bytes(keys[i]).length;
            require(keyLength > 0, "Capability key cannot be empty");
            require(keyLength <= MAX_CAPABILITY_KEY_LENGTH, "Capability key too long");
            require(values[i].length > 0, "Capability value cannot be empty");
            require(values[i].length <= MAX_CAPABILITY_VALUE_LENGTH, "Capability value too long");
        }
        products[id] = ServiceProduct(productType, keys, true);
        productValues[id] = values;
    }

    function _setInfo(uint256 id, string calldata name, string calldata description) internal {
        require(bytes(name).length <= MAX_NAME_LENGTH, "Name too long");
        require(bytes(description).length <= MAX_DESCRIPTION_LENGTH, "Description too long");
        infos[id].name = name;
        infos[id].description = description;
    }
}
