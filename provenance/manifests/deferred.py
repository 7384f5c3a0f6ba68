"""An identity that is loaded when something is to be signed, and not before: who only reads needs no signer."""

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Final

from provenance.errors import SigningError
from provenance.journal import Journal
from provenance.manifests.certificates import IdentityInfo
from provenance.manifests.identity import SigningIdentity

# A certificate that ends sooner wants its owner's attention now.
RENEWAL_NOTICE: Final = timedelta(days=30)

_log = Journal(__name__)


class DeferredIdentity:
    """Signs as the identity that `load` returns.

    What keeps it from loading is raised by whatever needs it, each time anew: a certificate that was put right counts
    from then on.
    """

    def __init__(self, load: Callable[[], SigningIdentity]) -> None:
        self._load = load
        self._lock = threading.Lock()
        self._loaded: SigningIdentity | None = None

    def load(self) -> SigningIdentity:
        """Return the identity, loaded the first time; a certificate that ends soon is logged then.

        Raises:
            ConfigurationError: there is none that may sign now.
        """
        with self._lock:
            if self._loaded is None:
                loaded = self._load()
                left = loaded.describe().not_after - datetime.now(UTC)
                if left < RENEWAL_NOTICE:
                    _log.warning("the signing certificate ends soon", days=left.days, do="chopmark keys renew")
                self._loaded = loaded
            return self._loaded

    @property
    def certificate_chain_pem(self) -> str:
        """Leaf first, then the intermediates, without the root."""
        return self.load().certificate_chain_pem

    @property
    def algorithm(self) -> str:
        """C2PA name of the algorithm."""
        return self.load().algorithm

    @property
    def is_development(self) -> bool:
        """Whether the development CA made this."""
        return self.load().is_development

    def sign(self, data: bytes) -> bytes:
        """Return a verified signature over `data`.

        Raises:
            SigningError: it could not be made, or the certificate has ended since it was loaded.
        """
        identity = self.load()
        if identity.describe().not_after <= datetime.now(UTC):
            raise SigningError("the signing certificate has ended: chopmark keys renew")
        return identity.sign(data)

    def describe(self) -> IdentityInfo:
        """Return what people may see of the certificate."""
        return self.load().describe()
