/** Images to pixel values, and the SigLIP encoder. */
module dev.paligemma.vision {
    requires transitive dev.paligemma.base;
    requires transitive dev.paligemma.checkpoint;
    requires transitive dev.paligemma.engine;
    requires transitive java.desktop;
    requires transitive org.jspecify;

    exports dev.paligemma.vision;
    exports dev.paligemma.vision.format;
    exports dev.paligemma.vision.mask;
}
