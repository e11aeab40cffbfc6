/**
 * The PyTorch engine: writes a TorchScript archive in memory from a recorded graph and runs it on the CPU or a GPU, through the
 * PyTorch engine of Deep Java Library.
 *
 * <p>Found by name through {@link dev.paligemma.engine.spi.Engines}; applications have no need to name these classes.
 */
@NullMarked
package dev.paligemma.pytorch;

import org.jspecify.annotations.NullMarked;
