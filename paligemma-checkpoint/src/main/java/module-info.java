/** Reads checkpoints and adapters in the formats of their publishers, and converts and merges them. */
module dev.paligemma.checkpoint {
    requires com.fasterxml.jackson.core;
    requires org.slf4j;
    requires transitive dev.paligemma.base;
    requires transitive dev.paligemma.engine;
    requires transitive org.jspecify;

    exports dev.paligemma.checkpoint;
    exports dev.paligemma.checkpoint.adapter;
    exports dev.paligemma.checkpoint.config;
    exports dev.paligemma.checkpoint.convert;
    exports dev.paligemma.checkpoint.internal to
            dev.paligemma;
    exports dev.paligemma.checkpoint.internal.adapter to
            dev.paligemma,
            dev.paligemma.training;
    exports dev.paligemma.checkpoint.internal.bigvision to
            dev.paligemma;
    exports dev.paligemma.checkpoint.internal.convert to
            dev.paligemma;
    exports dev.paligemma.checkpoint.internal.generation to
            dev.paligemma,
            dev.paligemma.cli;
    exports dev.paligemma.checkpoint.internal.identity to
            dev.paligemma,
            dev.paligemma.cli;
    exports dev.paligemma.checkpoint.internal.modules to
            dev.paligemma.training;
    exports dev.paligemma.checkpoint.internal.numpy to
            dev.paligemma.vision;
    exports dev.paligemma.checkpoint.internal.safetensors to
            dev.paligemma.training;
}
