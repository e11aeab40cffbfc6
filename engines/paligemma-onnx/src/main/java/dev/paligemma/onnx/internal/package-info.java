/**
 * ONNX models in memory: graphs, attributes and types, written as protocol-buffer messages; and how ONNX Runtime's library is
 * loaded. Not an API.
 */
@NullMarked
package dev.paligemma.onnx.internal;

import org.jspecify.annotations.NullMarked;
