"""Whether this machine's BLAS and LAPACK give the bits that they gave where they were recorded.

Some codecs multiply, orthogonalise or decompose matrices with them, and privacy takes a norm. The
last bits of that depend on the library, its version and the processor, so entries that go through
it are compared only where the library gives the recorded bits for matrices made for that.
"""

import numpy as np

from fedras.parallel import one_blas_thread
from golden.digests import Parts, of_array
from golden.matrices import matrix


@one_blas_thread
def probe() -> Parts:
    """Return the digests of what the library makes of some matrices."""
    found: Parts = {}
    for n, d in ((3, 7), (40, 16), (300, 10), (1000, 24)):
        x = matrix(n, d).astype(np.float64)
        y, flat = x.T @ x, x.ravel()
        found |= {
            f"product {n} x {d}": of_array(y),
            f"product with {n} x {d}": of_array(x @ y),
            f"norm of {n} x {d}": of_array(np.array([flat @ flat])),
            f"basis of {n} x {d}": of_array(np.linalg.qr(x)[0]),
            f"eigenvectors of {n} x {d}": of_array(np.linalg.eigh(y)[1]),
        }
    return found
