/**
 * The ONNX Runtime engine: writes an ONNX model in memory from a recorded graph and runs it on the CPU.
 *
 * <p>Found by name through {@link dev.paligemma.engine.spi.Engines}; applications have no need to name these classes.
 */
@NullMarked
package dev.paligemma.onnx;

import org.jspecify.annotations.NullMarked;
