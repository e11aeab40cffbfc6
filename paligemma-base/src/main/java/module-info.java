/** The root of all exceptions; what readers of files from outside share. Plain Java. */
module dev.paligemma.base {
    requires com.fasterxml.jackson.core;
    requires org.slf4j;
    requires transitive org.jspecify;

    exports dev.paligemma.base;
    exports dev.paligemma.base.internal to
            dev.paligemma,
            dev.paligemma.checkpoint,
            dev.paligemma.cli,
            dev.paligemma.evaluation,
            dev.paligemma.examples,
            dev.paligemma.hub,
            dev.paligemma.langchain4j,
            dev.paligemma.onnx,
            dev.paligemma.retrieval,
            dev.paligemma.server,
            dev.paligemma.springai,
            dev.paligemma.springboot,
            dev.paligemma.tiny,
            dev.paligemma.tokenizer,
            dev.paligemma.training,
            dev.paligemma.vision;
}
