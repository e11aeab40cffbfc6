/**
 * Reads NumPy's {@code .npz} archives of arrays. Files are treated as hostile: counts and lengths are bounded, offsets
 * checked, and every problem surfaces as a {@link dev.paligemma.checkpoint.numpy.NpzException}.
 */
@NullMarked
package dev.paligemma.checkpoint.numpy;

import org.jspecify.annotations.NullMarked;
