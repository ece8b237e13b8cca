// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

enum ProductType {
    PDP
}

struct ServiceProviderInfo {
    address serviceProvider;
    address payee;
    string name;
    string description;
    bool isActive;
}

struct ServiceProviderInfoView {
    uint256 providerId;
    ServiceProviderInfo info;
}

struct ServiceProduct {
    ProductType productType;
    string[] capabilityKeys;
    bool isActive;
}

struct ProviderWithProduct {
    uint256 providerId;
    ServiceProviderInfo providerInfo;
    ServiceProduct product;
    bytes[] productCapabilityValues;
}

struct PaginatedProviders {
    ProviderWithProduct[] providers;
    bool hasMore;
}
