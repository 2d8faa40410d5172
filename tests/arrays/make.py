#!/usr/bin/env python3
"""Writes the .npy and .npz files of this folder, which tests/data/npy.c and npz.c read. Made with NumPy 2.4.6."""
import numpy as np

VALUES = [0, 1, 2, 3, 100, 7]
for kind in "f2 f4 f8 i1 i2 i4 i8 u1 u2 u4 u8".split():
    for order, word in ("<", "little"), (">", "big"):
        if kind[1] != "1" or order == "<":
            np.save(f"{kind}_{word}.npy", np.array(VALUES, order + kind).reshape(2, 3))
np.save("bool.npy", np.array(VALUES).reshape(2, 3) % 2 == 1)
np.save("f2_special.npy", np.array([1.0009765625, -65504, 6.103515625e-05, 6.0e-08, -0.0, np.inf, -np.inf, np.nan], "<f2"))
np.save("fortran.npy", np.asfortranarray(np.arange(24, dtype="<f4").reshape(2, 3, 4)))
np.save("fortran_big.npy", np.asfortranarray(np.arange(24, dtype=">i2").reshape(2, 3, 4)))
np.save("scalar.npy", np.float64(2.5))
np.save("empty.npy", np.zeros((0, 3), "<f4"))
np.save("six_axes.npy", np.arange(64, dtype="<i4").reshape(2, 2, 2, 2, 2, 2))
np.save("seven_axes.npy", np.zeros((1,) * 7, "<f4"))
np.save("texts.npy", np.array(["a", "b"]))
np.save("complex.npy", np.array([1j]))
np.save("records.npy", np.zeros(1, [("a", "<f4"), ("b", "<i4")]))
for version in (2, 0), (3, 0):
    with open(f"version_{version[0]}.npy", "wb") as file:
        np.lib.format.write_array(file, np.array(VALUES, "<f4").reshape(2, 3), version)
arrays = dict(x=np.arange(12, dtype="<f4").reshape(4, 3), labels=np.array([2, 0, 1, 2]), large=np.array([2**53 + 1, -2**63, 2**63 - 1]),
              too_large=np.array([2**63], "u8"), parts=np.array([0.5]), image=np.arange(0, 255, 5, dtype="u1").reshape(1, 51))
np.savez("stored.npz", **arrays)
np.savez_compressed("deflated.npz", **arrays)
