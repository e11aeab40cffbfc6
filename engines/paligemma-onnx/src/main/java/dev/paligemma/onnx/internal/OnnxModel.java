package dev.paligemma.onnx.internal;

import ai.onnxruntime.OnnxTensor;
import java.nio.file.Path;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What a session is made of.
 *
 * @param bytes the encoded model
 * @param folder what the paths of its external constants are relative to, or null if it has none in files
 * @param computed its external constants that lie in no file, by name; they must outlive the session
 */
public record OnnxModel(byte[] bytes, @Nullable Path folder, Map<String, OnnxTensor> computed) {}
