package dev.paligemma.onnx;

import ai.onnxruntime.OnnxTensor;
import java.util.List;
import java.util.Map;

/**
 * One step of a {@link Pipeline}: a session, and under which names it takes and gives the values of the pipeline.
 * Immutable.
 *
 * @param session the session, which other stages may share
 * @param inputs for each input of the session the name of the value it takes
 * @param outputs for each output of the session the name of the value it gives
 * @param constants for each remaining input the small tensor it takes
 * @param matrices what is read from disk for each run
 */
record Stage(
        OnnxSession session,
        Map<String, String> inputs,
        Map<String, String> outputs,
        Map<String, OnnxTensor> constants,
        List<StreamedMatrix> matrices) {}
