// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IPDPListener} from "../pdp/IPDPListener.sol";
import {Cid} from "../pdp/PieceCid.sol";
import {Prices} from "./Prices.sol";
import {WarmErrors} from "./WarmErrors.sol";
import {WarmMetadata} from "./WarmMetadata.sol";
import {WarmPayments} from "./WarmPayments.sol";
import {WarmSignatures} from "./WarmSignatures.sol";
import {DataSetInfo} from "./WarmTypes.sol";
import {WarmVerify} from "./WarmVerify.sol";

/// @notice Answers PDPVerifier: checks what the payer signed, describes and prices it.
abstract contract WarmListener is IPDPListener, WarmMetadata, WarmPayments, WarmVerify {
    uint256 private constant MAX_CREATE_BYTES = 4096;
    uint256 internal constant MAX_SIGNATURE_BYTES = 256;
    uint256 private constant MAX_PIECES = 40;

    event DataSetCreated(
        uint256 indexed dataSetId,
        uint256 indexed providerId,
        uint256 pdpRailId,
        uint256 cacheMissRailId,
        uint256 cdnRailId,
        address payer,
        address serviceProvider,
        address payee,
        string[] metadataKeys,
        string[] metadataValues
    );
    event PieceAdded(
        uint256 indexed dataSetId,
        uint256 indexed pieceId,
        Cid pieceCid,
        string[] keys,
        string[] values
    );

    struct Create {
        address payer;
        uint256 clientDataSetId;
        string[] keys;
        string[] values;
        bytes signature;
    }

    struct Add {
        uint256 nonce;
        string[][] keys;
        string[][] values;
        bytes signature;
    }

    function dataSetCreated(uint256 dataSetId, address creator, bytes calldata extraData)
        external
        onlyPDPVerifier
    {
        _requireAtMost(extraData.length, MAX_CREATE_BYTES);
        Create memory create = _decodeCreate(extraData);
        uint256 providerId = _registry().getProviderIdByAddress(creator);
        if (providerId == 0) revert WarmErrors.ProviderNotRegistered(creator);
        address payee = _registry().getProviderPayee(providerId);
        _useNonce(create.payer, create.clientDataSetId, dataSetId, 0);
        _verifyCreate(create, payee);
        dataSetMetadata[dataSetId] =
            _packChecked(dataSetId, MAX_DATA_SET_KEYS, create.keys, create.values);
        DataSetInfo storage info = dataSets[dataSetId];
        (info.payer, info.payee, info.serviceProvider) = (create.payer, payee, creator);
        (info.clientDataSetId, info.providerId) = (create.clientDataSetId, providerId);
        _openRails(dataSetId, info, _has(create.keys, create.keys.length, "withCDN"));
        _owe(info, Prices.CREATE_DATA_SET_FEE);
        dataSetsOf[create.payer].push(dataSetId);
        _announce(dataSetId, info, create);
    }

    function piecesAdded(
        uint256 dataSetId,
        uint256 firstAdded,
        Cid[] calldata pieces,
        bytes calldata extraData
    ) external onlyPDPVerifier {
        if (pieces.length > MAX_PIECES) {
            revert WarmErrors.TooManyPieces(MAX_PIECES, pieces.length);
        }
        DataSetInfo storage info = _notTerminated(dataSetId);
        Add memory add = _decodeAdd(extraData, pieces.length);
        _useNonce(info.payer, add.nonce, dataSetId, firstAdded + pieces.length);
        _verify(
            info.payer,
            WarmSignatures.ADD_PIECES,
            WarmSignatures.addPieces(info.clientDataSetId, add.nonce, pieces, add.keys, add.values),
            add.signature
        );
        _owe(info, Prices.ADD_PIECES_BASE_FEE + pieces.length * Prices.ADD_PIECES_PER_PIECE_FEE);
        _reprice(dataSetId, info);
        for (uint256 i = 0; i < pieces.length; i++) {
            uint256 pieceId = firstAdded + i;
            (string[] memory keys, string[] memory values) = (add.keys[i], add.values[i]);
            bytes memory metadata = _packChecked(dataSetId, MAX_PIECE_KEYS, keys, values);
            if (metadata.length > 0) pieceMetadata[dataSetId][pieceId] = metadata;
            emit PieceAdded(dataSetId, pieceId, pieces[i], keys, values);
        }
    }

    function piecesScheduledRemove(
        uint256 dataSetId,
        uint256[] calldata pieceIds,
        bytes calldata extraData
    ) external onlyPDPVerifier {
        DataSetInfo storage info = _notTerminated(dataSetId);
        _requireAtMost(extraData.length, MAX_SIGNATURE_BYTES);
        _verify(
            info.payer,
            WarmSignatures.SCHEDULE_PIECE_REMOVALS,
            WarmSignatures.schedulePieceRemovals(info.clientDataSetId, pieceIds),
            abi.decode(extraData, (bytes))
        );
        _owe(info, Prices.SCHEDULE_REMOVALS_FEE);
        for (uint256 i = 0; i < pieceIds.length; i++) {
            delete pieceMetadata[dataSetId][pieceIds[i]];
        }
        _reprice(dataSetId, info);
    }

    function dataSetDeleted(uint256 dataSetId, uint256, bytes calldata) external onlyPDPVerifier {
        DataSetInfo storage info = _known(dataSetId);
        if (info.pdpEndEpoch == 0 || block.number <= info.pdpEndEpoch) {
            revert WarmErrors.PaymentRailsNotFinalized(dataSetId, info.pdpEndEpoch);
        }
        _unlist(dataSetsOf[info.payer], dataSetId);
        delete dataSetMetadata[dataSetId];
        delete dataSetOfRail[info.pdpRailId];
        delete dataSetOfRail[info.cacheMissRailId];
        delete dataSetOfRail[info.cdnRailId];
        delete dataSets[dataSetId];
    }

    function _requireAtMost(uint256 size, uint256 limit) internal pure {
        if (size > limit) revert WarmErrors.ExtraDataTooLarge(size, limit);
    }

    function _verifyCreate(Create memory create, address payee) private view {
        _verify(
            create.payer,
            WarmSignatures.CREATE_DATA_SET,
            WarmSignatures.createDataSet(create.clientDataSetId, payee, create.keys, create.values),
            create.signature
        );
    }

    function _announce(uint256 dataSetId, DataSetInfo storage info, Create memory create) private {
        emit DataSetCreated(
            dataSetId,
            info.providerId,
            info.pdpRailId,
            info.cacheMissRailId,
            info.cdnRailId,
            info.payer,
            info.serviceProvider,
            info.payee,
            create.keys,
            create.values
        );
    }

    function _decodeCreate(bytes calldata data) private pure returns (Create memory create) {
        (create.payer, create.clientDataSetId, create.keys, create.values, create.signature) =
            abi.decode(data, (address, uint256, string[], string[], bytes));
    }

    /// @dev Metadata may be left out for all pieces together.
    function _decodeAdd(bytes calldata data, uint256 pieceCount)
        private
        pure
        returns (Add memory add)
    {
        (add.nonce, add.keys, add.values, add.signature) =
            abi.decode(data, (uint256, string[][], string[][], bytes));
        if (add.keys.length == 0 && add.values.length == 0) {
            (add.keys, add.values) = (new string[][](pieceCount), new string[][](pieceCount));
        }
        _requireCount(add.keys.length, pieceCount);
        _requireCount(add.values.length, pieceCount);
        for (uint256 i = 0; i < pieceCount; i++) {
            (uint256 keyCount, uint256 valueCount) = (add.keys[i].length, add.values[i].length);
            if (keyCount != valueCount) {
                revert WarmErrors.MetadataKeyAndValueLengthMismatch(keyCount, valueCount);
            }
        }
    }

    function _requireCount(uint256 actual, uint256 expected) private pure {
        if (actual != expected) revert WarmErrors.MetadataArrayCountMismatch(actual, expected);
    }

    function _unlist(uint256[] storage ids, uint256 id) private {
        for (uint256 i = 0; i < ids.length; i++) {
            if (ids[i] != id) continue;
            ids[i] = ids[ids.length - 1];
            ids.pop();
            return;
        }
    }
}
