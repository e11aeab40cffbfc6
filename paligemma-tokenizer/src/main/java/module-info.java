/** Text to token ids and back, prompt layout, location and segmentation codes. Plain Java. */
module dev.paligemma.tokenizer {
    requires com.fasterxml.jackson.core;
    requires transitive dev.paligemma.base;
    requires transitive org.jspecify;

    exports dev.paligemma.tokenizer;
}
