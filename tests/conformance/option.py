"""The option that names another devnet; all tests' conftest declares it."""

DEVNET_INFO_OPTION = "--devnet-info"
