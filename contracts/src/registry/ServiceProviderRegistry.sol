// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {RegistryStore} from "./RegistryStore.sol";
import {
    PaginatedProviders,
    ProductType,
    ProviderWithProduct,
    ServiceProviderInfo,
    ServiceProviderInfoView
} from "./RegistryTypes.sol";

/// @notice Storage providers and what they offer. The registration fee stays in this contract: a
/// plain EVM node has no burn precompile.
contract ServiceProviderRegistry is RegistryStore {
    event ProviderRegistered(
        uint256 indexed providerId, address indexed serviceProvider, address indexed payee
    );
    event ProviderInfoUpdated(uint256 indexed providerId);
    event ProviderRemoved(uint256 indexed providerId);
    event ProductAdded(
        uint256 indexed providerId,
        ProductType indexed productType,
        address serviceProvider,
        string[] capabilityKeys,
        bytes[] capabilityValues
    );
    event ProductUpdated(
        uint256 indexed providerId,
        ProductType indexed productType,
        address serviceProvider,
        string[] capabilityKeys,
        bytes[] capabilityValues
    );

    function registerProvider(
        address payee,
        string calldata name,
        string calldata description,
        ProductType productType,
        string[] calldata capabilityKeys,
        bytes[] calldata capabilityValues
    ) external payable returns (uint256 providerId) {
        require(msg.value == REGISTRATION_FEE, "Incorrect fee amount");
        require(payee != address(0), "Payee cannot be zero address");
        require(idOf[msg.sender] == 0, "Address already registered");
        providerId = ++count;
        idOf[msg.sender] = providerId;
        ServiceProviderInfo storage info = infos[providerId];
        (info.serviceProvider, info.payee, info.isActive) = (msg.sender, payee, true);
        _setInfo(providerId, name, description);
        _setProduct(providerId, productType, capabilityKeys, capabilityValues);
        emit ProviderRegistered(providerId, msg.sender, payee);
        emit ProductAdded(providerId, productType, msg.sender, capabilityKeys, capabilityValues);
    }

    function updateProduct(
        ProductType productType,
        string[] calldata capabilityKeys,
        bytes[] calldata capabilityValues
    ) external {
        uint256 id = _own();
        _setProduct(id, productType, capabilityKeys, capabilityValues);
        emit ProductUpdated(id, productType, msg.sender, capabilityKeys, capabilityValues);
    }

    function updateProviderInfo(string calldata name, string calldata description) external {
        uint256 id = _own();
        _setInfo(id, name, description);
        emit ProviderInfoUpdated(id);
    }

    function removeProvider() external {
        uint256 id = _own();
        infos[id].isActive = false;
        products[id].isActive = false;
        delete idOf[msg.sender];
        emit ProviderRemoved(id);
    }

    function getProvidersByProductType(
        ProductType productType,
        bool onlyActive,
        uint256 offset,
        uint256 limit
    ) external view returns (PaginatedProviders memory page) {
        ProviderWithProduct[] memory found = new ProviderWithProduct[](count);
        uint256 seen;
        uint256 kept;
        for (uint256 id = 1; id <= count; id++) {
            if (products[id].productType != productType) continue;
            if (onlyActive && !(infos[id].isActive && products[id].isActive)) continue;
            if (seen++ < offset) continue;
            if (kept == limit) {
                page.hasMore = true;
                break;
            }
            found[kept++] = _withProduct(id);
        }
        page.providers = new ProviderWithProduct[](kept);
        for (uint256 i = 0; i < kept; i++) {
            page.providers[i] = found[i];
        }
    }

    function getProviderWithProduct(uint256 providerId, ProductType)
        external
        view
        returns (ProviderWithProduct memory)
    {
        _known(providerId);
        return _withProduct(providerId);
    }

    function getProvider(uint256 providerId)
        external
        view
        returns (ServiceProviderInfoView memory)
    {
        _known(providerId);
        return ServiceProviderInfoView(providerId, infos[providerId]);
    }

    function getProviderByAddress(address provider)
        external
        view
        returns (ServiceProviderInfoView memory info)
    {
        uint256 id = idOf[provider];
        if (id != 0) info = ServiceProviderInfoView(id, infos[id]);
    }

    function getProvidersByIds(uint256[] calldata providerIds)
        external
        view
        returns (ServiceProviderInfoView[] memory found, bool[] memory valid)
    {
        found = new ServiceProviderInfoView[](providerIds.length);
        valid = new bool[](providerIds.length);
        for (uint256 i = 0; i < providerIds.length; i++) {
            uint256 id = providerIds[i];
            valid[i] = id > 0 && id <= count && infos[id].isActive;
            if (valid[i]) found[i] = ServiceProviderInfoView(id, infos[id]);
        }
    }

    function getProviderIdByAddress(address provider) external view returns (uint256) {
        return idOf[provider];
    }

    function getProviderPayee(uint256 providerId) external view returns (address) {
        _known(providerId);
        return infos[providerId].payee;
    }

    function isProviderActive(uint256 providerId) external view returns (bool) {
        _known(providerId);
        return infos[providerId].isActive;
    }

    function isRegisteredProvider(address provider) external view returns (bool) {
        return idOf[provider] != 0;
    }

    function getProviderCount() external view returns (uint256) {
        return count;
    }

    function _own() private view returns (uint256 id) {
        id = idOf[msg.sender];
        require(id != 0, "Provider not registered");
        _active(id);
    }
}
