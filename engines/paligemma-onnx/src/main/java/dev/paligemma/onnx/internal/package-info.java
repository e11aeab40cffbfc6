/** ONNX models in memory: graphs, attributes and types, written as protocol-buffer messages. Not an API. */
@NullMarked
package dev.paligemma.onnx.internal;

import org.jspecify.annotations.NullMarked;
