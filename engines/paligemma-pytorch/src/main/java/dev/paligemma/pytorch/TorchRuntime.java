package dev.paligemma.pytorch;

import ai.djl.engine.Engine;
import ai.djl.ndarray.NDManager;
import ai.djl.pytorch.jni.JniUtils;
import dev.paligemma.engine.EngineException;

/** Starts PyTorch inside Deep Java Library. Stateless; the runtime is one per JVM and lives as long as it. */
final class TorchRuntime {
    private static final String COPYING_LAYOUT = "ai.djl.pytorch.use_mkldnn";

    private TorchRuntime() {}

    /**
     * The runtime, loaded if that has not happened.
     *
     * @throws EngineException if there is none for this machine, or it cannot use the device
     */
    static Engine start(TorchDevice device) {
        Engine runtime = start();
        if (device.isGpu()) {
            requireUsable(device, runtime);
        }
        return runtime;
    }

    /** Gives memory that no tensor uses back to the driver. */
    static void release(TorchDevice device) {
        if (device.isGpu()) {
            JniUtils.emptyCudaCache();
        }
    }

    private static Engine start() {
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
                | IllegalStateException
                | UnsatisfiedLinkError
                | ExceptionInInitializerError
                | AssertionError e) {
            throw new EngineException(
                    Natives.cannotStart(Natives.classifier(), isLibraryFound(), innermostMessage(e)), e);
        }
    }

    private static boolean isLibraryFound() {
        return System.getenv("PYTORCH_LIBRARY_PATH") != null
                || TorchRuntime.class.getClassLoader().getResource("native/lib/pytorch.properties") != null;
    }

    private static String innermostMessage(Throwable error) {
        Throwable innermost = error;
        while (innermost.getCause() != null) {
            innermost = innermost.getCause();
        }
        return innermost.toString();
    }

    /** Computes something: torch reports only then what it lacks, be it code for GPUs, a driver or a GPU. */
    private static void requireUsable(TorchDevice device, Engine runtime) {
        String text = ScriptEmitter.HEADER + """
                  def forward(self: __torch__.Network) -> Tensor:
                    return torch.to(torch.zeros([1], dtype=6, layout=None, device=%s), torch.device("cpu"))
                """.formatted(device.expression());
        try (NDManager manager = runtime.newBaseManager(ai.djl.Device.cpu());
                TorchModule module = TorchModule.load(manager, TorchArchive.of(text), 1)) {
            module.call("forward").close();
        } catch (ai.djl.engine.EngineException e) {
            throw new EngineException(
                    Natives.cannotUse(
                            Natives.classifier(),
                            device,
                            runtime.hasCapability("CUDA"),
                            String.valueOf(e.getMessage())),
                    e);
        }
    }

    private static void setUnlessChosen(String property, String variable) {
        if (System.getProperty(property) == null && System.getenv(variable) == null) {
            System.setProperty(property, "true");
        }
    }
}
