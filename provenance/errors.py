"""Every error Chopmark raises on purpose.

A decision is a value; an inability is an error. Each class carries a stable `code` for machines and says whether
trying again can help. Messages are lower case, have no full stop, say what was expected and what was got, and never
hold prompt text, keys or pixels.
"""

from typing import ClassVar


class GateError(Exception):
    """Root of every error that Chopmark raises on purpose."""

    code: ClassVar[str] = "gate"
    retryable: ClassVar[bool] = False


class ConfigurationError(GateError):
    """Settings that cannot work; raised at start-up only."""

    code = "configuration"


class MissingKeyError(ConfigurationError):
    """A key that this site has used is not there; a new one in its place would not do."""

    code = "configuration.missing_key"


class NoSiteError(ConfigurationError):
    """There is no site where one was looked for."""

    code = "configuration.no_site"


class ProvenanceError(GateError):
    """Something about an asset or what is bound to it."""

    code = "provenance"


class ProcessDiedError(ProvenanceError):
    """A process of ours that was asked died, or was late and killed."""

    code = "process"
    retryable = True


class AssetError(ProvenanceError):
    """The bytes offered are not an asset that the gate can take."""

    code = "asset"


class UnsupportedMediaError(AssetError):
    """The content is of no type that the gate takes."""

    code = "asset.unsupported"


class MislabelledAssetError(AssetError):
    """Content and declared type disagree, or the file is two types at once."""

    code = "asset.mislabelled"


class AssetTooLargeError(AssetError):
    """A bound on bytes, pixels, frames or metadata is exceeded."""

    code = "asset.too_large"


class UndecodableAssetError(AssetError):
    """The content claims a type but cannot be decoded as it: truncated, damaged or hostile."""

    code = "asset.undecodable"


class AssetNotFoundError(AssetError):
    """No asset has this id."""

    code = "asset.not_found"


class KeyReusedError(AssetError):
    """A submission's key was used before, for another request."""

    code = "asset.key_reused"


class VerificationError(ProvenanceError):
    """A proof, manifest or read-back does not hold.

    Attributes:
        codes: standard failure codes, such as C2PA's ``assertion.dataHash.mismatch``.
    """

    code = "verification"

    def __init__(self, message: str, *, codes: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.codes = codes


class SigningError(ProvenanceError):
    """A manifest could not be signed."""

    code = "signing"


class TimestampError(ProvenanceError):
    """A time-stamp authority did not answer or answered wrongly."""

    code = "timestamp"
    retryable = True


class FetchError(ProvenanceError):
    """A manifest kept elsewhere could not be fetched, or its address is not one that may be asked."""

    code = "fetch"
    retryable = True


class GrantMismatchError(ProvenanceError):
    """The bytes, packs or marks are not those that the grant names."""

    code = "grant.mismatch"


class WatermarkError(ProvenanceError):
    """A watermark could not be embedded or read."""

    code = "watermark"


class PayloadTooLargeError(WatermarkError):
    """More bits than the scheme carries in this picture."""

    code = "watermark.payload_too_large"


class UnmarkableError(WatermarkError):
    """This picture cannot carry the mark: too small, too flat, or the mark did not read back."""

    code = "watermark.unmarkable"


class LabelError(ProvenanceError):
    """An explicit or implicit label could not be written or read."""

    code = "label"


class FingerprintError(ProvenanceError):
    """A fingerprint could not be computed for a reason other than the picture's content."""

    code = "fingerprint"


class WeightsError(ProvenanceError):
    """A model that comes with the package is missing or another one."""

    code = "weights"


class WorksError(ProvenanceError):
    """The works registry refused: unknown work or bank, or an inconsistent request."""

    code = "works"


class WorkNotFoundError(WorksError):
    """No work has this id."""

    code = "works.not_found"


class WorkClaimedError(WorksError):
    """The picture is registered for another owner, and nobody said that both are right."""

    code = "works.claimed"


class StoreError(ProvenanceError):
    """Blob storage failed."""

    code = "store"
    retryable = True


class BlobNotFoundError(StoreError):
    """No blob has this key."""

    code = "store.not_found"
    retryable = False


class BlobKeyError(StoreError):
    """This cannot be a blob's key: it would leave the store, or hide in it."""

    code = "store.key"
    retryable = False


class SpoolError(StoreError):
    """What comes in could not be kept on disk while it is worked on: the disk is full, or cannot be written."""

    code = "store.spool"


class TruncatedBlobError(StoreError):
    """Fewer bytes came than there should be: the source ended early, or a file shrank while it was read."""

    code = "store.truncated"


class SiteMismatchError(StoreError):
    """Database and blob stores do not belong together, or are not of the same time; nothing was touched."""

    code = "site.mismatch"
    retryable = False


class AssetInUseError(ProvenanceError):
    """Another process is at work on this asset."""

    code = "asset.in_use"
    retryable = True


class NotQueuedError(ProvenanceError):
    """The asset does not wait in the line: it is finished, or nobody put it there."""

    code = "asset.not_queued"


class WorkerIdTakenError(ConfigurationError):
    """Another process works under this worker's id."""

    code = "worker.id_taken"


class DamagedRecordError(ProvenanceError):
    """What is stored about one asset cannot be read; other assets are not touched by it."""

    code = "record.damaged"


class DatabaseUnavailableError(ProvenanceError):
    """The database did not answer, or another writer held it for too long."""

    code = "database.unavailable"
    retryable = True


class DatabaseDamagedError(ProvenanceError):
    """What lies in the database's place is no database, or a damaged one."""

    code = "database.damaged"


class LedgerError(ProvenanceError):
    """The ledger refused an entry or could not prove one."""

    code = "ledger"


class InconsistentLedgerError(LedgerError):
    """Two views of the ledger cannot both be true."""

    code = "ledger.inconsistent"


class DetectorError(GateError):
    """A detector could not answer."""

    code = "detector"


class DetectorUnavailableError(DetectorError):
    """A detector is not ready: weights missing, time out, or memory bound exceeded."""

    code = "detector.unavailable"
    retryable = True


class GenerationError(GateError):
    """The generation core could not make what was asked."""

    code = "generation"


class BackendUnavailableError(GenerationError):
    """A generation backend is not ready or not reachable."""

    code = "generation.unavailable"
    retryable = True


class PromptRefusedError(GenerationError):
    """The backend itself refused the prompt."""

    code = "generation.refused"


class PolicyError(GateError):
    """A policy pack cannot be used."""

    code = "policy"


class AppealNotFoundError(PolicyError):
    """No appeal is behind this link, or about this decision."""

    code = "appeal.not_found"


class AppealClosedError(PolicyError):
    """The appeal was made, or decided, before; or what it is about does not count any more."""

    code = "appeal.closed"


class UnknownPackError(PolicyError):
    """No pack of this name, or no version of this digest, is here."""

    code = "policy.unknown_pack"


class ExportNotFoundError(PolicyError):
    """The tenant ordered no such export, or its file is not there, or not any more."""

    code = "export.not_found"


class TooManyOrdersError(PolicyError):
    """The tenant has as many exports waiting as one may have."""

    code = "export.too_many"
    retryable = True


class WebhookNotFoundError(PolicyError):
    """The tenant has no such endpoint."""

    code = "webhook.not_found"


class PackInvalidError(PolicyError):
    """A pack does not validate; every problem found is listed.

    Attributes:
        problems: one line each, ``file:line:column: what is wrong (hint)``.
    """

    code = "policy.pack_invalid"

    def __init__(self, problems: tuple[str, ...]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


class ConditionError(PolicyError):
    """A pack's condition could not be evaluated for this asset, or did not answer true or false."""

    code = "policy.condition"


class PluginError(GateError):
    """A plugin table cannot serve a name."""

    code = "plugin"


class UnknownPluginError(PluginError):
    """No plugin of this kind has this name; the message lists those that exist."""

    code = "plugin.unknown"


class DuplicatePluginError(PluginError):
    """Two plugins of one kind claim one name."""

    code = "plugin.duplicate"


class BrokenPluginError(PluginError):
    """A plugin's code fails when it is imported or made, or what it makes is not what its kind has to be."""

    code = "plugin.broken"


class MissingExtraError(PluginError, ImportError):
    """A plugin needs an optional dependency; the message names the extra to install."""

    code = "plugin.missing_extra"
