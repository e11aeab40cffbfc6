package dev.paligemma.djl;

import ai.djl.Device;
import ai.djl.Model;
import ai.djl.engine.Engine;
import ai.djl.ndarray.NDManager;
import ai.djl.util.passthrough.PassthroughNDManager;
import dev.paligemma.PaliGemmaPipeline;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** An engine of DJL without tensors: it makes models that load pipelines. Stateless, thus thread-safe. */
final class PaliGemmaEngine extends Engine {
    static final PaliGemmaEngine INSTANCE = new PaliGemmaEngine();

    private PaliGemmaEngine() {}

    /** None: there is nothing that an array of another engine could help with. */
    @Override
    public @Nullable Engine getAlternativeEngine() {
        return null;
    }

    @Override
    public String getEngineName() {
        return PaliGemmaEngineProvider.NAME;
    }

    @Override
    public int getRank() {
        return PaliGemmaEngineProvider.RANK;
    }

    @Override
    public String getVersion() {
        return Objects.requireNonNullElse(
                PaliGemmaPipeline.class.getPackage().getImplementationVersion(), "development");
    }

    @Override
    public boolean hasCapability(String capability) {
        return false;
    }

    @Override
    public Model newModel(String name, @Nullable Device device) {
        return new PaliGemmaModel(name, newBaseManager(device));
    }

    @Override
    public NDManager newBaseManager() {
        return newBaseManager(null);
    }

    @Override
    public NDManager newBaseManager(@Nullable Device device) {
        return new PassthroughNDManager(this, device);
    }
}
