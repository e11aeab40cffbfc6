package dev.paligemma.djl;

import ai.djl.Model;
import ai.djl.engine.Engine;
import ai.djl.engine.EngineProvider;

/**
 * Offers the engine {@value #NAME} to Deep Java Library (DJL), which finds it by {@link java.util.ServiceLoader}. It has
 * the lowest priority, so it never becomes the default engine of an application: {@code optEngine} asks for it.
 *
 * <p><b>A system property is set.</b> When DJL looks for its engines the first time, it asks the network for the name of the
 * machine, to report it. Creating this provider, which happens before that, sets the system property
 * {@code OPT_OUT_TRACKING} to {@code true}, unless the application has set it or the environment variable of that name.
 * Nothing else is switched off: DJL still downloads the models an application asks it for, and
 * {@code -Dai.djl.offline=true} is there to forbid that. This engine itself reads files only.
 */
public final class PaliGemmaEngineProvider implements EngineProvider {
    /** The name by which {@code Criteria.optEngine} asks for this engine. */
    public static final String NAME = "PaliGemma";

    /** Lower is preferred; the engines of DJL have 1 to 15. */
    static final int RANK = 100;

    private static final String OPT_OUT = "OPT_OUT_TRACKING";

    /** Called by {@link java.util.ServiceLoader}; sets a system property, see above. */
    public PaliGemmaEngineProvider() {
        if (System.getProperty(OPT_OUT) == null && System.getenv(OPT_OUT) == null) {
            System.setProperty(OPT_OUT, "true");
        }
    }

    /** What to say of a model of another engine. */
    static String notOurs(Model model) {
        return "model '" + model.getName() + "' is not one of the engine " + NAME + ": ask for it by optEngine";
    }

    @Override
    public String getEngineName() {
        return NAME;
    }

    @Override
    public int getEngineRank() {
        return RANK;
    }

    @Override
    public Engine getEngine() {
        return PaliGemmaEngine.INSTANCE;
    }
}
