// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @notice Why the warm storage service refuses.
library WarmErrors {
    error OnlyPDPVerifierAllowed(address expected, address actual);
    error CallerNotPayments(address expected, address actual);
    error CallerNotPayerOrPayee(
        uint256 dataSetId, address expectedPayer, address expectedPayee, address caller
    );
    error CallerNotServiceProvider(uint256 dataSetId, address expected, address actual);
    error InvalidSignature(address expected, address actual);
    error InvalidSignatureLength(uint256 expectedLength, uint256 actualLength);
    error ClientDataSetAlreadyRegistered(uint256 clientDataSetId);
    error ProviderNotRegistered(address provider);
    error ProviderAlreadyApproved(uint256 providerId);
    error ProviderNotInApprovedList(uint256 providerId);
    error InvalidDataSetId(uint256 dataSetId);
    error DataSetPaymentAlreadyTerminated(uint256 dataSetId);
    error PaymentRailsNotFinalized(uint256 dataSetId, uint256 pdpEndEpoch);
    error PayerInDebt(address payer, uint256 fundedUntilEpoch);
    error ExtraDataTooLarge(uint256 actualSize, uint256 maxAllowedSize);
    error TooManyPieces(uint256 maxAllowed, uint256 pieceCount);
    error MetadataArrayCountMismatch(uint256 metadataArrayCount, uint256 pieceCount);
    error MetadataKeyAndValueLengthMismatch(uint256 keysLength, uint256 valuesLength);
    error TooManyMetadataKeys(uint256 maxAllowed, uint256 keysLength);
    error MetadataKeyExceedsMaxLength(uint256 index, uint256 maxAllowed, uint256 length);
    error MetadataValueExceedsMaxLength(uint256 index, uint256 maxAllowed, uint256 length);
    error DuplicateMetadataKey(uint256 dataSetId, string key);
    error OperatorNotApproved(address payer, address operator);
    error InsufficientLockupFunds(address payer, uint256 minimumRequired, uint256 available);
    error InsufficientRateAllowance(
        address payer, address operator, uint256 rateAllowance, uint256 rateUsage, uint256 required
    );
    error InsufficientLockupAllowance(
        address payer,
        address operator,
        uint256 lockupAllowance,
        uint256 lockupUsage,
        uint256 required
    );
    error InsufficientMaxLockupPeriod(
        address payer, address operator, uint256 maxLockupPeriod, uint256 required
    );
}
