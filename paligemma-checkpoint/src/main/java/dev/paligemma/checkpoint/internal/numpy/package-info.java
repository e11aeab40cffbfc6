/**
 * Reads NumPy's {@code .npz} archives of arrays. Files are treated as hostile: counts and lengths are bounded, offsets
 * checked, and every problem surfaces as a {@link dev.paligemma.checkpoint.internal.numpy.NpzException}.
 */
@NullMarked
package dev.paligemma.checkpoint.internal.numpy;

import org.jspecify.annotations.NullMarked;
