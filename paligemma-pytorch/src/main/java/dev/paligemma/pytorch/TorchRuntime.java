package dev.paligemma.pytorch;

import ai.djl.engine.Engine;
import dev.paligemma.engine.EngineException;

/** Starts PyTorch inside Deep Java Library. Stateless; the runtime is one per JVM and lives as long as it. */
final class TorchRuntime {
    private static final String COPYING_LAYOUT = "ai.djl.pytorch.use_mkldnn";

    private TorchRuntime() {}

    /** The runtime, loaded if that has not happened. */
    static Engine start() {
        if (Boolean.getBoolean(COPYING_LAYOUT)) {
            throw new EngineException(
                    "engine 'pytorch' writes results where the caller wants them, but the system property "
                            + COPYING_LAYOUT + " makes Deep Java Library copy all tensors; unset it");
        }
        // Or else the start asks the network for the name of the machine, to report it.
        setUnlessChosen("ai.djl.offline", "DJL_OFFLINE");
        setUnlessChosen("OPT_OUT_TRACKING", "OPT_OUT_TRACKING");
        try {
            return Engine.getEngine("PyTorch");
        } catch (ai.djl.engine.EngineException
                | IllegalArgumentException
                | UnsatisfiedLinkError
                | ExceptionInInitializerError e) {
            throw new EngineException(
                    "PyTorch has no native library for " + System.getProperty("os.name") + " on "
                            + System.getProperty("os.arch")
                            + " on the class path, or it could not be loaded: " + e.getMessage()
                            + "; there are artifacts ai.djl.pytorch:pytorch-native-cpu with a classifier for each system",
                    e);
        }
    }

    private static void setUnlessChosen(String property, String variable) {
        if (System.getProperty(property) == null && System.getenv(variable) == null) {
            System.setProperty(property, "true");
        }
    }
}
